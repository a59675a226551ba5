import { rootCertificates } from 'node:tls'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { Bench } from '../../job/call.fixture.js'
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

const ACCOUNT = 'POST serviceaccounts/images/token'
const CONNECTOR = 'GET connectors/harbor in ci'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
  bench.server.put('serviceaccounts', { metadata: { name: 'images' } })
})
afterEach(async () => bench.stop())

/** A call in a namespace that has a Secret with an authority. */
function callWithAuthority(): Call {
  const data = { 'ca.crt': Buffer.from(rootCertificates[0] ?? '').toString('base64') }
  bench.server.put('secrets', { metadata: { name: 'authority' }, data })
  return bench.call()
}

const ca = { secret: 'authority', key: 'ca.crt' }

test('a proxy behind an ingress with TLS is pushed to with the authority of its certificate, and pulled from', async () => {
  const { destination } = await connectorPlace(callWithAuthority(), { ...SETTINGS, ca })
  const repository = 'images.example.com/namespaces/ci/connectors/harbor/acme/actions'
  expect(destination.target(HANDLE)).toMatchObject({
    pushRef: `${repository}:${HANDLE}`,
    insecureRegistries: [],
    certificate: ca
  })
  expect(destination.pullRef('sha256:0')).toBe(`${repository}@sha256:0`)
})

test('a Secret with the authority that is not there is told', async () => {
  const opening = connectorPlace(bench.call(), { ...SETTINGS, ca })
  await expect(opening).rejects.toThrow(/The Secret authority in namespace runners, which .* does not exist/)
})

test('a token for the push outlasts the shortest build too: the API server gives none for less than ten minutes', async () => {
  const { destination } = await connectorPlace(bench.call({ settings: { build: { timeout: '1m' } } }), SETTINGS)
  expect(destination.target(HANDLE).access).toMatchObject({ volume: { tokenSeconds: 600 } })
})

const FORWARD: ConnectorPlaceSettings = {
  ...SETTINGS,
  proxy: 'forward',
  registry: 'http://registry.corp:5000'
}

test("by the forward proxy, the authority is that of the reverse one's ingress and not the registry's", async () => {
  const target = (await connectorPlace(callWithAuthority(), { ...FORWARD, ca })).destination.target(HANDLE)
  expect(target.pushRef).toBe(`registry.corp:5000/acme/actions:${HANDLE}`)
  expect(target).not.toHaveProperty('certificate')
  // The hook itself goes by the reverse proxy.
  bench.server.remove('secrets', 'authority')
  await expect(connectorPlace(bench.call(), { ...FORWARD, ca })).rejects.toThrow(/The Secret authority/)
})

test('a registry over plain HTTP is one also where the connector is not read, and messages name it', async () => {
  const target = (await connectorPlace(bench.call(), FORWARD)).destination.target(HANDLE)
  expect(target.insecureRegistries).toEqual(['registry.corp:5000'])
  expect(target.access).toMatchObject({
    proxy: {
      forward:
        'its spec.address only, or one of its spec.addressExtensions, and the setting registry is http://registry.corp:5000'
    }
  })
})

test('what does not need each other is asked for at the same time', async () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    proxy: { httpAddress: { url: 'https://images.example.com' } }
  }
  bench.server.putCustom('connectors.connectors.alauda.io', 'ci', { metadata: { name: 'harbor' }, status })
  const begun = new Set<string>()
  let answer = (): void => undefined
  const everything = new Promise<void>(resolve => (answer = resolve))
  /** Nobody is answered before all have asked. */
  const asked = async ({ line }: { readonly line: string }): Promise<void> => {
    if (begun.add(line).size === 3) answer()
    await everything
  }
  for (const line of ['GET secrets/authority', ACCOUNT, CONNECTOR]) bench.server.intercept(line, asked)
  const { pushAddress: _, ...byStatus } = SETTINGS
  const { destination } = await connectorPlace(callWithAuthority(), { ...byStatus, ca })
  expect(destination.name).toBe('images.example.com')
})

test('of several refusals, the one about the connector is told', async () => {
  bench.server.remove('serviceaccounts', 'images')
  // It comes last.
  let told = (): void => undefined
  const account = new Promise<void>(resolve => (told = resolve))
  bench.server.intercept(ACCOUNT, () => told())
  bench.server.intercept(CONNECTOR, async () =>
    account.then(async () => new Promise(resolve => setTimeout(resolve, 20)))
  )
  const { pushAddress: _, ...byStatus } = SETTINGS
  await expect(connectorPlace(bench.call(), { ...byStatus, ca })).rejects.toThrow(/names the connector ci\/harbor/)
})
