import { rootCertificates } from 'node:tls'

import { KubeError } from '@kaniko-hooks/kube'
import { expect, test } from '@jest/globals'

import type { Call } from '../../job/call.js'
import type { ConnectorPlaceSettings } from '../../settings/schema.js'
import { connectorPlace } from './connector-place.js'

const HANDLE = '0123456789ab-01234567'
const SETTINGS: ConnectorPlaceSettings = {
  name: 'ci/harbor',
  repository: 'acme/actions',
  serviceAccount: 'images',
  proxy: 'reverse',
  pushAddress: 'https://images.example.com/namespaces/ci/connectors/harbor',
  configuration: 'registry-config',
  attributes: 'connector.name'
}

/** A call in a namespace with this Secret of authorities. */
function callWith(secrets: Readonly<Record<string, string>>): Call {
  return {
    kube: {
      namespace: 'runners',
      get: (_: 'secrets', name: string) =>
        secrets[name] === undefined
          ? Promise.reject(new KubeError('NOT_FOUND', `secrets "${name}" not found`))
          : Promise.resolve({ data: { 'ca.crt': Buffer.from(secrets[name]).toString('base64') } }),
      requestToken: () => Promise.resolve('a.token')
    },
    settings: { build: { timeout: '30m' } },
    secrets: new Set<string>(),
    cancelled: new AbortController().signal
  } as unknown as Call
}

const ca = { secret: 'authority', key: 'ca.crt' }

test('a proxy behind an ingress with TLS is pushed to with the authority of its certificate, and pulled from', async () => {
  const { destination } = await connectorPlace(callWith({ authority: rootCertificates[0] ?? '' }), { ...SETTINGS, ca })
  const repository = 'images.example.com/namespaces/ci/connectors/harbor/acme/actions'
  expect(destination.target(HANDLE)).toMatchObject({
    pushRef: `${repository}:${HANDLE}`,
    insecureRegistries: [],
    certificate: ca
  })
  expect(destination.pullRef('sha256:0')).toBe(`${repository}@sha256:0`)
})

test('a Secret with the authority that is not there is told', async () => {
  const opening = connectorPlace(callWith({}), { ...SETTINGS, ca })
  await expect(opening).rejects.toThrow(/The Secret authority in namespace runners, which .* does not exist/)
})

test('a token for the push outlasts the shortest build too: the API server gives none for less than ten minutes', async () => {
  const short = callWith({})
  short.settings.build.timeout = '1m'
  const { destination } = await connectorPlace(short, SETTINGS)
  expect(destination.target(HANDLE).access).toMatchObject({ volume: { tokenSeconds: 600 } })
})

const FORWARD: ConnectorPlaceSettings = {
  ...SETTINGS,
  proxy: 'forward',
  registry: 'http://registry.corp:5000'
}

test("by the forward proxy, the authority is that of the reverse one's ingress and not the registry's", async () => {
  const call = callWith({ authority: rootCertificates[0] ?? '' })
  const target = (await connectorPlace(call, { ...FORWARD, ca })).destination.target(HANDLE)
  expect(target.pushRef).toBe(`registry.corp:5000/acme/actions:${HANDLE}`)
  expect(target).not.toHaveProperty('certificate')
  // The hook itself goes by the reverse proxy.
  await expect(connectorPlace(callWith({}), { ...FORWARD, ca })).rejects.toThrow(/The Secret authority/)
})

test('a registry over plain HTTP is one also where the connector is not read, and messages name it', async () => {
  const target = (await connectorPlace(callWith({}), FORWARD)).destination.target(HANDLE)
  expect(target.insecureRegistries).toEqual(['registry.corp:5000'])
  expect(target.access).toMatchObject({
    proxy: {
      forward:
        'its spec.address only, or one of its spec.addressExtensions, and the setting registry is http://registry.corp:5000'
    }
  })
})

test('what does not need each other is asked for at the same time', async () => {
  const call = callWith({})
  const { kube } = callWith({ authority: rootCertificates[0] ?? '' })
  const begun = new Set<string>()
  let answer = (): void => undefined
  const everything = new Promise<void>(resolve => (answer = resolve))
  /** Nobody is answered before all have asked. */
  const asked = async (what: string): Promise<void> => {
    if (begun.add(what).size === 3) answer()
    await everything
  }
  Object.assign(call.kube, {
    get: async (kind: 'secrets', name: string) => {
      await asked('authority')
      return kube.get(kind, name)
    },
    requestToken: async () => {
      await asked('token')
      return 'a.token'
    },
    getCustom: async () =>
      asked('connector').then(() => ({
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          proxy: { httpAddress: { url: 'https://images.example.com' } }
        }
      }))
  })
  const { pushAddress: _, ...byStatus } = SETTINGS
  const { destination } = await connectorPlace(call, { ...byStatus, ca })
  expect(destination.name).toBe('images.example.com')
})

test('of several refusals, the one about the connector is told', async () => {
  const call = callWith({})
  Object.assign(call.kube, {
    requestToken: () => Promise.reject(new KubeError('NOT_FOUND', 'no account')),
    getCustom: async () => {
      await new Promise(resolve => setImmediate(resolve))
      throw new KubeError('NOT_FOUND', 'no connector')
    }
  })
  const { pushAddress: _, ...byStatus } = SETTINGS
  await expect(connectorPlace(call, { ...byStatus, ca })).rejects.toThrow(/names the connector ci\/harbor/)
})
