import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseAccess } from '@kaniko-hooks/builder'
import { type FakeRegistry, forbidden, refused, startFakeRegistry } from '@kaniko-hooks/testing'

import { Bench, type CallOptions } from '../../job/call.fixture.js'
import type { Call } from '../../job/call.js'
import { accountToken } from '../connector/account-token.js'
import { BASE_IMAGES } from '../connector/connector-use.js'
import { withBaseAccess } from './base-access.js'
import { digestsOf, openBases, type Bases } from './bases.js'

type Build = NonNullable<NonNullable<CallOptions['settings']>['build']>
type Connectors = NonNullable<Build['connectors']>

const DIGEST = `sha256:${'a'.repeat(64)}`
const OWNER = { runnerPod: 'runner', uid: 'u', annotations: {} }
const CONNECTORS = 'connectors.connectors.alauda.io'
const TOKEN = 'POST serviceaccounts/bases/token'

let bench: Bench
/** A registry, and a connector's proxy. */
let registry: FakeRegistry
let host: string
/** The manifests that it has. */
let manifests: Set<string>
let printed: string[]

beforeEach(async () => {
  bench = await Bench.start()
  printed = bench.printed
  manifests = new Set(['/v2/namespaces/ci/connectors/harbor/team/base/manifests/1'])
  registry = await startFakeRegistry(({ url = '' }, response) => {
    response.writeHead(manifests.has(url) ? 200 : 404, { 'docker-content-digest': DIGEST }).end()
  })
  host = registry.host
  const connector = (name: string, address: string, ready = 'True'): void => {
    const conditions = [{ type: 'Ready', status: ready, reason: 'Broken', message: 'why' }]
    const proxy = { httpAddress: { url: `http://${host}/namespaces/ci/connectors/harbor` } }
    bench.server.putCustom(CONNECTORS, 'ci', { metadata: { name }, spec: { address }, status: { conditions, proxy } })
  }
  connector('harbor', 'https://harbor.example')
  connector('hub', 'https://registry-1.docker.io')
  connector('broken', 'https://broken.example', 'False')
  const own = {
    auths: { 'quay.io': { identitytoken: 'idt', auth: 'dTo=' }, 'r.io': { auth: 'dTpw' } },
    credHelpers: { 'x.io': 'ecr-login' }
  }
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify(own)).toString('base64') }
  bench.server.put('secrets', { metadata: { name: 'own' }, data })
  bench.server.put('serviceaccounts', { metadata: { name: 'bases' } })
})
afterEach(async () => {
  await Promise.all([registry.stop(), bench.stop()])
})

/** What was asked, of the API server and of the registry. */
const asked = (): string[] => [...bench.server.asked, ...registry.asked]

const call = (connectors: Connectors, build: Build = {}): Call =>
  bench.call({ settings: { build: { connectors, ...build } }, retryForMs: 0 })

const HARBOR = { name: 'ci/harbor', serviceAccount: 'bases' }
const BASE = 'harbor.example/team/base:1'
const open = async (list: Connectors, references: string[], build: Build = {}): Promise<Bases> =>
  openBases(call(list, build), undefined, references)

describe('a connector is for', () => {
  test('the registry behind it, unless the settings say otherwise', async () => {
    const place = { host, path: 'namespaces/ci/connectors/harbor', plainHttp: true }
    const shared = { place, connector: 'ci/harbor', serviceAccount: 'bases' }
    expect((await open([HARBOR], [BASE])).proxies).toEqual([
      expect.objectContaining({ ...shared, registry: 'harbor.example' })
    ])
    const registries = ['index.docker.io', 'quay.io']
    expect((await open([{ ...HARBOR, registries }], ['busybox', BASE])).proxies).toEqual([
      expect.objectContaining({ ...shared, registry: 'docker.io' })
    ])
  })

  test("Docker Hub, under whichever of Docker Hub's names", async () => {
    const { proxies } = await open([{ ...HARBOR, name: 'ci/hub' }], ['busybox:1'])
    expect(proxies.map(({ registry }) => registry)).toEqual(['docker.io'])
  })

  test('builds that need it: another one may be out of order', async () => {
    expect((await open([{ ...HARBOR, name: 'ci/broken' }], ['busybox'])).proxies).toEqual([])
    await expect(open([{ ...HARBOR, name: 'ci/broken' }], ['broken.example/x'])).rejects.toThrow(
      /ci\/broken is not ready: Broken: why/
    )
  })

  test.each([
    ['harbor.example', '"${R%/}/x"'],
    ['harbor.example', '$R/x'],
    ['harbor.example', 'harbor.example/Team/x']
  ])('%s too, when nobody knows in which registry an image is: %s', async (registry, unknown) => {
    expect((await open([HARBOR], ['busybox', unknown])).proxies).toMatchObject([{ registry }])
  })

  test.each([
    ['HARBOR.example/x', undefined],
    ['harbor.example:443/x', undefined],
    ['harbor.example/x', ['Harbor.Example:443']]
  ])('%s, also spelled otherwise (%s); Kaniko knows each spelling', async (reference, registries) => {
    const { proxies } = await open([{ ...HARBOR, ...(registries === undefined ? {} : { registries }) }], [reference])
    const spelled = registries?.[0] ?? reference.split('/')[0]
    expect(proxies).toEqual([
      expect.objectContaining({ registry: 'harbor.example', spellings: expect.arrayContaining([spelled]) as unknown })
    ])
  })

  test('builds that need it: to know that, it is read, unless its registries are set or there is no image at all', async () => {
    const gone = { ...HARBOR, name: 'ci/gone' }
    await expect(open([gone], ['busybox'])).rejects.toThrow(/names the connector ci\/gone: there is none/)
    expect((await open([{ ...gone, registries: ['r.io'] }], ['busybox'])).proxies).toEqual([])
    expect((await open([gone], [])).proxies).toEqual([])
  })

  test('nobody has to read it, when registries and address are set', async () => {
    const settings = { ...HARBOR, registries: ['r.io'], address: 'https://proxy.example/a/' }
    const { proxies } = await open([settings], ['r.io/x'])
    expect(proxies.map(({ place }) => place)).toEqual([{ host: 'proxy.example', path: 'a', plainHttp: false }])
    expect(asked()).toEqual([])
  })
})

test('a connector that is not there is named', async () => {
  await expect(open([{ ...HARBOR, name: 'ci/none' }], [BASE])).rejects.toThrow(
    /^The setting build\.connectors names the connector ci\/none: there is none of that name/
  )
})

test('an image with two ways is refused, and a host with two accounts, all at once', async () => {
  const connectors = [
    { ...HARBOR, registries: ['r.io', 'docker.io'] },
    { ...HARBOR, name: 'ci/hub', serviceAccount: 'other', registries: ['r.io'] }
  ]
  await expect(open(connectors, ['r.io/x', 'busybox'], { registryMirrors: ['m'] })).rejects.toThrow(
    'The setting build.connectors contradicts itself or others: ' +
      'images of docker.io have a mirror (build.registryMirrors, build.registryMaps) and the connector ci/harbor; ' +
      'images of r.io have the connector ci/harbor and the connector ci/hub; ' +
      `the connector ci/harbor and the connector ci/hub answer at one host, ${host}, and need one service account.`
  )
})

describe('a build', () => {
  const lent = async (
    of: Call,
    bases: Bases,
    build: (access: BaseAccess) => unknown = () => undefined
  ): Promise<unknown> => withBaseAccess(of, OWNER, bases, access => Promise.resolve(build(access)))
  const configOf = ({ credentials = '' }: BaseAccess): unknown => {
    const { data } = bench.server.get('secrets', credentials) ?? {}
    return JSON.parse(Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString())
  }
  const secrets = (): string[] => bench.server.names('secrets')

  test('has a token for the proxy beside what it had, bound to a Secret that ends with the build', async () => {
    const of = call([HARBOR], { credentials: 'own', timeout: '15m' })
    const bases = await openBases(of, undefined, [BASE])
    const config = await lent(of, bases, access => {
      expect(access.proxies).toHaveLength(1)
      const { spec } = bench.server.sightings.find(({ line }) => line === TOKEN)?.body as { spec: object }
      const [name = ''] = secrets().filter(secret => secret !== 'own' && secret !== access.credentials)
      const life = bench.server.get('secrets', name)
      expect(spec).toEqual({
        expirationSeconds: 1200,
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid: life?.metadata?.uid }
      })
      expect(life).toMatchObject({
        metadata: { labels: { 'runner-pod': 'runner' }, ownerReferences: [{ kind: 'Pod', name: 'runner', uid: 'u' }] }
      })
      return configOf(access)
    })
    const auth = Buffer.from('kaniko-hooks:token-of-bases').toString('base64')
    expect(config).toEqual({
      auths: {
        'quay.io': { identitytoken: 'idt', auth: 'dTo=' },
        'r.io': { auth: 'dTpw' },
        [host]: { username: 'kaniko-hooks', password: 'token-of-bases', auth }
      },
      credHelpers: { 'x.io': 'ecr-login' }
    })
    expect(secrets()).toEqual(['own'])
    expect([...of.secrets]).toEqual(expect.arrayContaining(['token-of-bases', auth, 'idt', 'dTpw']))
  })

  test('that fails takes it along all the same', async () => {
    const of = call([HARBOR])
    const failing = lent(of, await openBases(of, undefined, [BASE]), () => {
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(secrets()).toEqual(['own'])
  })

  test('has the content of the Secret of the settings from one reading', async () => {
    const of = call([HARBOR], { credentials: 'own' })
    await lent(of, await openBases(of, undefined, [BASE]))
    expect(asked().filter(line => line === 'GET secrets/own')).toHaveLength(1)
  })

  test('whose token outlives it has a warning with the Secret that keeps it alive, and the account', async () => {
    const of = call([HARBOR], { timeout: '15m' })
    const bases = await openBases(of, undefined, [BASE])
    bench.server.refuse(/^DELETE secrets/, refused(500, 'InternalError', 'etcd is away'), Infinity)
    expect(await lent(of, bases, () => 'built')).toBe('built')
    const [, life] =
      asked()
        .find(line => line.startsWith('DELETE secrets/'))
        ?.split('secrets/') ?? []
    expect(printed.filter(line => line.startsWith('::warning::'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `The Secret ${life ?? 'none'} could not be deleted .*etcd is away.* a token of service account bases .* 20 minutes`
        )
      )
    ])
  })

  test('without an account to ask for names it, and not when it is the Secret that is gone', async () => {
    const of = call([{ ...HARBOR, serviceAccount: 'nobody' }])
    await expect(lent(of, await openBases(of, undefined, [BASE]))).rejects.toThrow(/^The service account nobody of/)
    const boundTo = { kind: 'Secret', name: 'gone', uid: 'u' } as const
    await expect(accountToken(of, 'bases', 600, BASE_IMAGES, 'ci/harbor', boundTo)).rejects.toThrow(
      /^Kubernetes refused .*secrets "gone" not found/
    )
  })

  test('without an image from a connector gets no token: the Secret of the settings as it is, or nothing', async () => {
    const of = call([HARBOR], { credentials: 'own' })
    expect(await lent(of, await openBases(of, undefined, ['busybox']), access => access)).toEqual({
      credentials: 'own'
    })
    const bare = call([HARBOR])
    expect(await lent(bare, await openBases(bare, undefined, ['busybox']), access => access)).toEqual({})
    expect(asked().filter(line => line.startsWith('POST'))).toEqual([])
  })

  test('whose token is refused leaves nothing', async () => {
    const of = call([HARBOR])
    const bases = await openBases(of, undefined, [BASE])
    bench.server.refuse(TOKEN, forbidden('create', 'serviceaccounts/token', 'runners'))
    await expect(lent(of, bases)).rejects.toThrow(
      /^The runner \(system:serviceaccount:arc:runner\) may not ask for tokens of service account bases, as which the setting build\.connectors uses the connector ci\/harbor\. Grant it .*resourceNames: \[bases\].* as in examples\/connector-bases-rbac\.yaml\.$/
    )
    expect(secrets()).toEqual(['own'])
  })
})

describe('what names stand for', () => {
  test('is asked of the connector', async () => {
    const of = call([HARBOR])
    expect(await digestsOf(of, [BASE], await openBases(of, undefined, [BASE]), [])).toEqual({ [BASE]: DIGEST })
    expect(asked()).toContain('HEAD /v2/namespaces/ci/connectors/harbor/team/base/manifests/1')
    expect(printed).toEqual([])
  })

  test('needs no token where a digest says it', async () => {
    const of = call([HARBOR])
    const pinned = `harbor.example/team/base@${DIGEST}`
    expect(await digestsOf(of, [pinned], await openBases(of, undefined, [pinned]), [])).toEqual({ [pinned]: DIGEST })
    expect(asked().filter(line => line.endsWith('/token'))).toEqual([])
  })

  test('is not known when it has it not', async () => {
    const of = call([HARBOR])
    const other = 'harbor.example/team/other'
    expect(await digestsOf(of, [other], await openBases(of, undefined, [other]), [])).toBeUndefined()
    expect(printed).toEqual([`The image is not shared with other jobs: ${other} could not be looked up.`])
  })

  describe('is asked of no registry that only a Dockerfile names', () => {
    const named = (): string => `${host}/team/base:1`
    const lookUp = async (build: Build, destinations: readonly string[] = []): Promise<unknown> => {
      // Plain HTTP is for registries that the settings name: the test's own speaks nothing else.
      const of = call([], build)
      return digestsOf(of, [named()], await openBases(of, undefined, [named()]), destinations)
    }

    test('which the log says, with the setting that allows it', async () => {
      expect(await lookUp({})).toBeUndefined()
      expect(asked()).toEqual([])
      expect(printed).toEqual([
        `The image is not shared with other jobs: ${named()} could not be looked up. No setting names ${host}, and other ` +
          'registries are not asked: image.baseRegistries may list more.'
      ])
    })

    test('but of those that settings name', async () => {
      manifests.add('/v2/team/base/manifests/1')
      expect(await lookUp({ insecureRegistries: [host] })).toEqual({ [named()]: DIGEST })
      expect(asked()).toEqual(['HEAD /v2/team/base/manifests/1'])
    })

    test.each<[string, Build, readonly string[]]>([
      ['a destination', {}, ['HOST']],
      ['a mirror', { registryMirrors: ['HOST/hub'] }, []],
      ['one with mirrors', { registryMaps: { HOST: ['m.example'] } }, []],
      ['a mirror of another', { registryMaps: { 'quay.io': ['HOST'] } }, []],
      ['one with a certificate', { certificates: [{ registry: 'HOST', secret: 's' }] }, []]
    ])('such as %s', async (_, build, destinations) => {
      const here = (text: string): string => text.replaceAll('HOST', host)
      expect(await lookUp(JSON.parse(here(JSON.stringify(build))) as Build, destinations.map(here))).toBeUndefined()
      // It was tried, by TLS.
      expect(printed).toEqual([`The image is not shared with other jobs: ${named()} could not be looked up.`])
    })
  })
})
