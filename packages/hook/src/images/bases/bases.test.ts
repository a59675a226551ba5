import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseAccess } from '@kaniko-hooks/builder'
import { Kube } from '@kaniko-hooks/kube'
import * as v from 'valibot'

import type { Call } from '../../job/call.js'
import type { Verbatim } from '../../report/workflow-commands.js'
import { settingsFile } from '../../settings/schema.js'
import { accountToken } from '../connector/account-token.js'
import { withBaseAccess } from './base-access.js'
import { digestsOf, openBases, type Bases } from './bases.js'
import { BASE_IMAGES } from '../connector/connector-use.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const OWNER = { runnerPod: 'runner', uid: 'u', annotations: {} }
const SECRETS = '/api/v1/namespaces/arc/secrets'

interface Body {
  readonly metadata?: { readonly name?: string }
}

/** An API server and a connector's proxy in one. */
let server: Server
let host: string
let asked: string[]
/** The body of the last request of this kind. */
let bodies: Map<string, unknown>
let objects: Map<string, object>
let mayHaveTokens: boolean
let mayDelete: boolean
let printed: string[]
let call: (connectors: object[], build?: object) => Call

beforeEach(async () => {
  asked = []
  bodies = new Map()
  printed = []
  mayHaveTokens = true
  mayDelete = true
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      const text = Buffer.concat(chunks).toString()
      const body = text === '' ? {} : (JSON.parse(text) as Body)
      const line = `${request.method ?? ''} ${path}`
      asked.push(line)
      bodies.set(line, body)
      const [status, value] = answer(request.method ?? '', path, body)
      response.writeHead(status, { 'content-type': 'application/json', 'docker-content-digest': DIGEST })
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify(value))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connector = (spec: object, ready = 'True'): object => ({
    spec,
    status: {
      conditions: [{ type: 'Ready', status: ready, reason: 'Broken', message: 'why' }],
      proxy: { httpAddress: { url: `http://${host}/namespaces/ci/connectors/harbor` } }
    }
  })
  const connectors = '/apis/connectors.alauda.io/v1alpha1/namespaces/ci/connectors'
  objects = new Map([
    [`${connectors}/harbor`, connector({ address: 'https://harbor.example' })],
    [`${connectors}/hub`, connector({ address: 'https://registry-1.docker.io' })],
    [`${connectors}/broken`, connector({ address: 'https://broken.example' }, 'False')],
    [`/v2/namespaces/ci/connectors/harbor/team/base/manifests/1`, {}],
    [
      `${SECRETS}/own`,
      {
        data: {
          '.dockerconfigjson': Buffer.from(
            JSON.stringify({
              auths: { 'quay.io': { identitytoken: 'idt', auth: 'dTo=' }, 'r.io': { auth: 'dTpw' } },
              credHelpers: { 'x.io': 'ecr-login' }
            })
          ).toString('base64')
        }
      }
    ]
  ])
  const kube = new Kube(
    { server: new URL(`http://${host}`), namespace: 'arc', token: () => Promise.resolve('mine') },
    { retryForMs: 0 }
  )
  call = (list, build = {}) =>
    ({
      kube,
      settings: v.parse(settingsFile, { build: { connectors: list, ...build } }),
      secrets: new Set<string>(),
      print: (line: string | Verbatim) => printed.push(String(line)),
      note: (line: string) => printed.push(line),
      cancelled: new AbortController().signal
    }) as unknown as Call
})

function answer(method: string, path: string, body: Body): readonly [status: number, body: object] {
  const name = body.metadata?.name ?? ''
  if (path.endsWith('/token')) {
    const { boundObjectRef } = (body as { spec: { boundObjectRef?: { name: string } } }).spec
    const bound = boundObjectRef?.name
    if (bound !== undefined && !objects.has(`${SECRETS}/${bound}`)) return missing(`secrets "${bound}" not found`)
    if (path.endsWith('/nobody/token')) return missing('serviceaccounts "nobody" not found')
    const who = 'serviceaccounts "bases" is forbidden: User "system:serviceaccount:arc:runner"'
    const message = `${who} cannot create resource "serviceaccounts/token" in API group "" in the namespace "arc"`
    return mayHaveTokens
      ? [201, { status: { token: `token-of-${path.split('/').at(-2) ?? ''}` } }]
      : refused(403, 'Forbidden', message)
  }
  if (method === 'POST') {
    objects.set(`${path}/${name}`, body)
    return [201, { ...body, metadata: { ...body.metadata, uid: `uid-of-${name}` } }]
  }
  const found = objects.get(path)
  if (method === 'DELETE' && !mayDelete) return refused(500, 'InternalError', 'etcd is away')
  if (method === 'DELETE') objects.delete(path)
  return found === undefined ? missing('not found') : [200, found]
}

function missing(message: string): readonly [status: number, body: object] {
  return refused(404, 'NotFound', message)
}

function refused(code: number, reason: string, message: string): readonly [status: number, body: object] {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }]
}

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const HARBOR = { name: 'ci/harbor', serviceAccount: 'bases' }
const BASE = 'harbor.example/team/base:1'
const open = async (list: object[], references: string[], build: object = {}): Promise<Bases> =>
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
    expect(asked).toEqual([])
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
    const { data } = objects.get(`${SECRETS}/${credentials}`) as { data: Record<string, string> }
    return JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString())
  }
  const secrets = (): string[] => [...objects.keys()].filter(path => path.startsWith(SECRETS))

  test('has a token for the proxy beside what it had, bound to a Secret that ends with the build', async () => {
    const of = call([HARBOR], { credentials: 'own', timeout: '15m' })
    const bases = await openBases(of, undefined, [BASE])
    const config = await lent(of, bases, access => {
      expect(access.proxies).toHaveLength(1)
      const { spec } = bodies.get('POST /api/v1/namespaces/arc/serviceaccounts/bases/token') as { spec: object }
      const [life = ''] = secrets().filter(path => !path.endsWith('/own') && !path.endsWith(access.credentials ?? ''))
      const name = life.slice(SECRETS.length + 1)
      expect(spec).toEqual({
        expirationSeconds: 1200,
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid: `uid-of-${name}` }
      })
      expect(objects.get(life)).toMatchObject({
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
    expect(secrets()).toEqual([`${SECRETS}/own`])
    expect([...of.secrets]).toEqual(expect.arrayContaining(['token-of-bases', auth, 'idt', 'dTpw']))
  })

  test('that fails takes it along all the same', async () => {
    const of = call([HARBOR])
    const failing = lent(of, await openBases(of, undefined, [BASE]), () => {
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(secrets()).toEqual([`${SECRETS}/own`])
  })

  test('has the content of the Secret of the settings from one reading', async () => {
    const of = call([HARBOR], { credentials: 'own' })
    await lent(of, await openBases(of, undefined, [BASE]))
    expect(asked.filter(line => line === `GET ${SECRETS}/own`)).toHaveLength(1)
  })

  test('whose token outlives it has a warning with the Secret that keeps it alive, and the account', async () => {
    const of = call([HARBOR], { timeout: '15m' })
    const bases = await openBases(of, undefined, [BASE])
    mayDelete = false
    expect(await lent(of, bases, () => 'built')).toBe('built')
    const [, life] = asked.find(line => line.startsWith(`DELETE ${SECRETS}/`))?.split(`${SECRETS}/`) ?? []
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
    expect(asked.filter(line => line.startsWith('POST'))).toEqual([])
  })

  test('whose token is refused leaves nothing', async () => {
    const of = call([HARBOR])
    const bases = await openBases(of, undefined, [BASE])
    mayHaveTokens = false
    await expect(lent(of, bases)).rejects.toThrow(
      /^The runner \(system:serviceaccount:arc:runner\) may not ask for tokens of service account bases, by which the setting build\.connectors uses the connector ci\/harbor\. Grant it .*resourceNames: \[bases\].* as in examples\/connector-bases-rbac\.yaml\.$/
    )
    expect(secrets()).toEqual([`${SECRETS}/own`])
  })
})

describe('what names stand for', () => {
  test('is asked of the connector', async () => {
    const of = call([HARBOR])
    expect(await digestsOf(of, [BASE], await openBases(of, undefined, [BASE]), [])).toEqual({ [BASE]: DIGEST })
    expect(asked).toContain('HEAD /v2/namespaces/ci/connectors/harbor/team/base/manifests/1')
    expect(printed).toEqual([])
  })

  test('needs no token where a digest says it', async () => {
    const of = call([HARBOR])
    const pinned = `harbor.example/team/base@${DIGEST}`
    expect(await digestsOf(of, [pinned], await openBases(of, undefined, [pinned]), [])).toEqual({ [pinned]: DIGEST })
    expect(asked.filter(line => line.endsWith('/token'))).toEqual([])
  })

  test('is not known when it has it not', async () => {
    const of = call([HARBOR])
    const other = 'harbor.example/team/other'
    expect(await digestsOf(of, [other], await openBases(of, undefined, [other]), [])).toBeUndefined()
    expect(printed).toEqual([`The image is not shared with other jobs: ${other} could not be looked up.`])
  })

  describe('is asked of no registry that only a Dockerfile names', () => {
    const named = (): string => `${host}/team/base:1`
    const lookUp = async (build: object, destinations: readonly string[] = []): Promise<unknown> => {
      // Plain HTTP is for registries that the settings name: the test's own speaks nothing else.
      const of = call([], build)
      return digestsOf(of, [named()], await openBases(of, undefined, [named()]), destinations)
    }

    test('which the log says, with the setting that allows it', async () => {
      expect(await lookUp({})).toBeUndefined()
      expect(asked).toEqual([])
      expect(printed).toEqual([
        `The image is not shared with other jobs: ${named()} could not be looked up. No setting names ${host}, and other ` +
          'registries are not asked: image.baseRegistries may list more.'
      ])
    })

    test('but of those that settings name', async () => {
      objects.set('/v2/team/base/manifests/1', {})
      expect(await lookUp({ insecureRegistries: [host] })).toEqual({ [named()]: DIGEST })
      expect(asked).toEqual(['HEAD /v2/team/base/manifests/1'])
    })

    test.each<[string, object, readonly string[]]>([
      ['a destination', {}, ['HOST']],
      ['a mirror', { registryMirrors: ['HOST/hub'] }, []],
      ['one with mirrors', { registryMaps: { HOST: ['m.example'] } }, []],
      ['a mirror of another', { registryMaps: { 'quay.io': ['HOST'] } }, []],
      ['one with a certificate', { certificates: [{ registry: 'HOST', secret: 's' }] }, []]
    ])('such as %s', async (_, build, destinations) => {
      const here = (text: string): string => text.replaceAll('HOST', host)
      expect(await lookUp(JSON.parse(here(JSON.stringify(build))) as object, destinations.map(here))).toBeUndefined()
      // It was tried, by TLS.
      expect(printed).toEqual([`The image is not shared with other jobs: ${named()} could not be looked up.`])
    })
  })
})
