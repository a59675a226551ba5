import { describe, expect, test } from '@jest/globals'
import { pushAccess } from './access.js'

describe('the volume of a connector', () => {
  const volume = (attributes: 'connectors' | 'connector.name') => ({
    namespace: 'ci',
    name: 'harbor',
    attributes,
    tokenSeconds: 2100,
    serviceAccount: 'b'
  })
  const access = (attributes: 'connectors' | 'connector.name') =>
    pushAccess({ kind: 'connector', volume: volume(attributes), proxy: { reverse: 'registry-config' } })

  test('names the connector in the style of its version, and a life for its token', () => {
    expect(access('connector.name').volumes[0]?.csi).toEqual({
      driver: 'connectors-csi',
      readOnly: true,
      volumeAttributes: {
        'connector.name': 'harbor',
        'connector.namespace': 'ci',
        'configuration.names': 'registry-config',
        'token.expiration': '35m'
      }
    })
    expect(access('connectors').volumes[0]?.csi?.volumeAttributes).toMatchObject({ connectors: 'ci/harbor' })
  })

  test('is filled for the service account whose right to the connector counts', () => {
    expect(access('connectors').serviceAccount).toBe('b')
  })

  test('of the forward proxy has the files that every volume has, and no docker configuration', () => {
    const proxy = { forward: 'https://harbor.example.com only' }
    const forward = pushAccess({ kind: 'connector', volume: volume('connectors'), proxy })
    expect(forward.volumes[0]?.csi?.volumeAttributes).toEqual({ connectors: 'ci/harbor', 'token.expiration': '35m' })
    expect(forward.proxyFiles).toBe(forward.mounts[0]?.mountPath)
    expect(forward.env).toEqual([])
  })
})
