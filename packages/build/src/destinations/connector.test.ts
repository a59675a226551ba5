import { describe, expect, test } from '@jest/globals'
import {
  addressOfConnector,
  connectorAccess,
  connectorAddress,
  connectorRegistry,
  type ConnectorStatus,
  pullAddressOf
} from './connector.js'
import { RegistryDestination } from './registry.js'

const HARBOR = { namespace: 'ci', name: 'harbor' }
const DIGEST = `sha256:${'a'.repeat(64)}`

function ready(url: string | undefined): ConnectorStatus {
  const proxy = url === undefined ? {} : { proxy: { httpAddress: { url } } }
  return { status: { conditions: [{ type: 'Ready', status: 'True' }], ...proxy } }
}

describe('the address of a connector, by version', () => {
  test.each([
    [
      '1.0, told apart by its host',
      'http://c-harbor.ci.svc.cluster.local',
      'c-harbor.ci.svc.cluster.local/team/actions:h'
    ],
    [
      '1.1 and later, in the cluster',
      'http://c-harbor.ci.svc.cluster.local/namespaces/ci/connectors/harbor',
      'c-harbor.ci.svc.cluster.local/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    [
      'exposed by a NodePort',
      'http://192.168.1.2:31567/namespaces/ci/connectors/harbor/',
      '192.168.1.2:31567/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    [
      'behind an Ingress with TLS',
      'https://connectors.example.com/namespaces/ci/connectors/harbor',
      'connectors.example.com/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    ['without a scheme, as a setting', '10.0.0.1:30000/a', '10.0.0.1:30000/a/team/actions:h']
  ])('%s', (_, url, pushRef) => {
    const push = connectorAddress(url)
    const target = new RegistryDestination(connectorRegistry(HARBOR, push, push, 'team/actions')).target('h')
    expect(target.pushRef).toBe(pushRef)
    expect(target.insecureRegistries).toEqual(url.startsWith('https') ? [] : [push.host])
  })

  test.each(['', 'ftp://x/y', 'http://', 'two words'])('%j is none', text => {
    expect(() => connectorAddress(text)).toThrow(/is not the address/)
  })
})

describe('a connector that cannot be used says why', () => {
  const withConditions = (...conditions: object[]): ConnectorStatus => ({ status: { conditions } })

  test('the condition that failed, with its reason and message', () => {
    const connector = withConditions(
      { type: 'SecretReady', status: 'False', reason: 'SecretNotFound', message: 'secret "s" not found' },
      { type: 'Ready', status: 'False', reason: 'SecretNotFound', message: 'not all conditions are true' }
    )
    expect(() => addressOfConnector(HARBOR, connector)).toThrow(
      'the connector ci/harbor is not ready: SecretNotFound: secret "s" not found (SecretReady)'
    )
  })

  test('no conditions yet', () => {
    expect(() => addressOfConnector(HARBOR, {})).toThrow(/is the connectors operator running/)
  })

  test('ready, but of a class without a proxy', () => {
    expect(() => addressOfConnector(HARBOR, ready(undefined))).toThrow(/its class has no proxy/)
  })
})

describe('the kubelet pulls', () => {
  test('from the same address, when nodes can reach it', () => {
    const push = connectorAddress('http://192.168.1.2:31567/namespaces/ci/connectors/harbor')
    expect(pullAddressOf(HARBOR, push, undefined)).toEqual(push)
  })

  test.each([
    'http://c-harbor.ci.svc.cluster.local/p',
    'http://c-harbor.ci.svc/p',
    'http://c-harbor.ci.svc:80',
    'http://c-harbor.ci.svc.local'
  ])('not from %s: expose it, or name another address', url => {
    expect(() => pullAddressOf(HARBOR, connectorAddress(url), undefined)).toThrow(/expose the connector ci\/harbor/)
  })

  test('from the address of the settings, with a path of its own', () => {
    const push = connectorAddress('http://c-harbor.ci.svc.cluster.local')
    const pull = pullAddressOf(HARBOR, push, 'localhost:31567/namespaces/ci/connectors/harbor')
    const destination = new RegistryDestination(connectorRegistry(HARBOR, push, pull, 'team/actions'))
    expect(destination.pullRef(DIGEST)).toBe(`localhost:31567/namespaces/ci/connectors/harbor/team/actions@${DIGEST}`)
  })
})

describe('the volume', () => {
  const access = (attributes: 'connectors' | 'connector.name') =>
    connectorAccess({
      ...HARBOR,
      configuration: 'registry-config',
      attributes,
      tokenSeconds: 2100,
      serviceAccount: 'b'
    })

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
})
