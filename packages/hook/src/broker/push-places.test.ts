import { createHash } from 'node:crypto'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startFakeRegistry, type FakeRegistry } from '@kaniko-hooks/testing'

import { scopeOf } from '../images/records/scope.js'
import { Bench, type CallOptions } from '../job/call.fixture.js'
import type { Call } from '../job/call.js'
import { destinationsOf } from './destinations.js'
import { askFacts, openPushPlaces, targetsOf, type PushPlace } from './push-places.js'

type PushTo = NonNullable<NonNullable<NonNullable<CallOptions['settings']>['broker']>['pushTo']>[number]

const PUSH = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }
const MANIFEST = JSON.stringify({ config: { digest: `sha256:${'c'.repeat(64)}` }, layers: [{ size: 5 }] })
const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`
const CONNECTOR = { name: 'ci/harbor', serviceAccount: 'apps' }

let bench: Bench
let registry: FakeRegistry
beforeEach(async () => {
  bench = await Bench.start()
  registry = await startFakeRegistry(({ headers }, response) => {
    if (headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
    else response.writeHead(200, {}).end(MANIFEST)
  })
  const auths = Object.fromEntries(['r.io', registry.host].map(host => [host, { username: 'admin', password: 'pass' }]))
  const config = Buffer.from(JSON.stringify({ auths })).toString('base64')
  bench.server.put('secrets', { metadata: { name: 'apps' }, data: { '.dockerconfigjson': config } })
  bench.server.put('secrets', { metadata: { name: 'ca' }, data: { 'ca.crt': '' } })
  bench.server.put('serviceaccounts', { metadata: { name: 'apps' } })
  const proxy = { httpAddress: { url: `http://${registry.host}/namespaces/ci/connectors/harbor` } }
  const conditions = [{ type: 'Ready', status: 'True' }]
  bench.server.putCustom('connectors.connectors.alauda.io', 'ci', {
    metadata: { name: 'harbor' },
    spec: { address: 'https://harbor.example.com' },
    status: { conditions, proxy }
  })
})
afterEach(async () => Promise.all([registry.stop(), bench.stop()]))

interface Opened {
  readonly call: Call
  readonly places: readonly PushPlace[]
}

async function open(tags: readonly string[], pushTo: readonly PushTo[], own: readonly string[] = []): Promise<Opened> {
  const call = bench.call({ env: PUSH, settings: { broker: { pushTo: [...pushTo] } }, retryForMs: 0 })
  const credentials = own.map(host => ({ registry: host, username: 'me', password: 'p' }))
  const scope = scopeOf(call.environment, 'ref')
  const { destined, problems } = destinationsOf(call, { tags: [...tags], push: true, credentials }, scope)
  expect(problems).toEqual([])
  return { call, places: await openPushPlaces(call, destined) }
}

/** What the registry was asked without a credential, which it answers by its challenge. */
const asked = (): readonly string[] => [...new Set(registry.asked)]

describe('a push', () => {
  const entry = { repository: 'r.io/a/**', pushSecret: 'apps', ca: { secret: 'ca' } }

  test('is one target for each repository, with the credential of the entry', async () => {
    const { places } = await open(['r.io/a/b:1', 'r.io/a/b:2', 'r.io/a/b:1', 'r.io/a/c'], [entry])
    const lent = {
      insecureRegistries: [],
      certificate: { secret: 'ca', key: 'ca.crt' },
      access: { kind: 'docker-config', secret: 'apps' }
    }
    expect(targetsOf(places, undefined)).toEqual([
      { pushRef: 'r.io/a/b:1', tags: ['2'], ...lent },
      { pushRef: 'r.io/a/c:latest', tags: [], ...lent }
    ])
  })

  test('has the credential of the request where that brings one', async () => {
    const { places } = await open(['r.io/a/b:1'], [entry], ['r.io'])
    expect(targetsOf(places, 'brought')[0]?.access).toEqual({ kind: 'docker-config', secret: 'brought' })
  })

  test.each<[string, PushTo, RegExp]>([
    ['push Secret', { ...entry, pushSecret: 'none' }, /The Secret none in namespace runners, which .* does not exist/],
    ['authority', { ...entry, ca: { secret: 'no-ca' } }, /The Secret no-ca .* does not exist/],
    [
      'connector',
      { repository: 'r.io/a/*', connector: { ...CONNECTOR, name: 'ci/gone' } },
      /The setting broker\.pushTo names the connector ci\/gone: there is none of that name/
    ],
    [
      'account',
      { repository: 'r.io/a/*', connector: { ...CONNECTOR, serviceAccount: 'gone' } },
      /account gone of the setting broker\.pushTo does not exist/
    ]
  ])('does not begin without its %s, which is named', async (_, missing, message) => {
    await expect(open(['r.io/a/b:1'], [missing])).rejects.toThrow(message)
  })

  test('goes by the proxy of a connector, under the name that the image has behind it', async () => {
    const { places } = await open(
      ['harbor.example.com/team/app:1', 'harbor.example.com/team/app:2'],
      [{ repository: 'harbor.example.com/team/*', connector: CONNECTOR }]
    )
    expect(targetsOf(places, undefined)).toEqual([
      {
        pushRef: `${registry.host}/namespaces/ci/connectors/harbor/team/app:1`,
        tags: ['2'],
        insecureRegistries: [registry.host],
        access: {
          kind: 'connector',
          volume: {
            namespace: 'ci',
            name: 'harbor',
            attributes: 'connector.name',
            serviceAccount: 'apps',
            tokenSeconds: 2100
          },
          proxy: { reverse: 'registry-config' }
        }
      }
    ])
  })

  test('goes by the forward proxy to the registry itself, if it is the connector’s', async () => {
    const connector = { ...CONNECTOR, proxy: 'forward' as const }
    const { places } = await open(
      ['harbor.example.com/team/app:1'],
      [{ repository: 'harbor.example.com/team/*', connector }]
    )
    const [target] = targetsOf(places, undefined)
    expect(target).toMatchObject({
      pushRef: 'harbor.example.com/team/app:1',
      access: { proxy: { forward: expect.any(String) } }
    })
    await expect(open(['r.io/team/app:1'], [{ repository: 'r.io/team/*', connector }])).rejects.toThrow(
      /the connector ci\/harbor gives its credential for https:\/\/harbor\.example\.com only/
    )
  })
})

describe('what the image is', () => {
  const facts = async ({ places }: Opened, digest = DIGEST): Promise<unknown> => askFacts(places, digest)
  const told = { imageId: `sha256:${'c'.repeat(64)}`, size: 5 }

  test('is asked of a registry that the settings name, with their credential', async () => {
    const entry = { repository: `${registry.host}/a/*`, plainHttp: true, pushSecret: 'apps' }
    expect(await facts(await open([`${registry.host}/a/b:1`], [entry]))).toEqual(told)
    expect(asked()).toEqual([expect.stringMatching(/^GET \/v2\/a\/b\/manifests\/sha256:/)])
  })

  test('is asked of a connector, which has a token of its account', async () => {
    const entry = { repository: 'harbor.example.com/team/*', connector: CONNECTOR }
    expect(await facts(await open(['harbor.example.com/team/app:1'], [entry]))).toEqual(told)
  })

  test('is not asked of a registry that only the request names: the hook has nothing to ask it with', async () => {
    const opened = await open(['ghcr.io/me/app:1'], [], ['ghcr.io'])
    expect(opened.places).toEqual([{ target: expect.anything(), isOwn: true }])
    expect(await facts(opened)).toEqual({})
  })

  test('stays unknown when a registry says something else, or nothing', async () => {
    const entry = { repository: `${registry.host}/a/*`, plainHttp: true, pushSecret: 'apps' }
    const other = `sha256:${'0'.repeat(64)}`
    expect(await facts(await open([`${registry.host}/a/b:1`], [entry]), other)).toEqual({})
  })
})

test('a build has one account: tags that need two are refused', () => {
  const pushTo = ['one', 'two'].map(name => ({
    repository: `${name}.io/*`,
    connector: { name: `ci/${name}`, serviceAccount: name }
  }))
  const call = bench.call({ env: PUSH, settings: { broker: { pushTo } } })
  const request = { tags: ['one.io/a:1', 'two.io/a:1'], push: true, credentials: [] }
  expect(destinationsOf(call, request, scopeOf(call.environment, 'ref')).problems).toEqual([
    'tags: their connectors have the service accounts one, two, and a build has one'
  ])
})
