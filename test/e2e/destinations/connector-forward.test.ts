import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { load } from 'js-yaml'

import { deleteConnector } from '../../stand-ins/connector/connector.js'
import {
  connectorUser,
  createConnector,
  installConnectors,
  type Connector,
  type ConnectorOptions
} from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import { tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'
import { dockerConfigSecret } from '../../stand-ins/registries/docker-config.js'
import { create, secretOf } from '../../stand-ins/registries/objects.js'
import { Choice } from '../../harness/choice.js'
import {
  asManifest,
  buildPods,
  byLocalhost,
  errorIn,
  EVENTS,
  expectBuilt,
  expectRefused,
  imageOf,
  outputIn,
  REPOSITORY,
  rightsFor,
  runBuild,
  seenBy,
  stopOf,
  through,
  TOKEN,
  upstreamOf,
  USER,
  type Build,
  type Done
} from '../../harness/connector-job.js'
import { action } from '../../harness/dockerfile-action.js'
import { kubectl } from '../../harness/kubectl.js'
import { Made } from '../../harness/made.js'
import { once } from '../../harness/once.js'
import { PodProcesses } from '../../harness/pod-processes.js'
import { imagesIn } from '../../harness/registry.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../../harness/roles.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'

const suite = new Suite('forward')

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')
/** Without any right. */
const STRANGER = 'stranger'
/** Made by an administrator: the registry's account that may pull, one for another registry, and one that it does not take. */
const READER = { pullSecret: 'reader' }
const OTHERS = { pullSecret: 'others' }
const WRONG = { pullSecret: 'wrong' }

/** The long run goes other ways too, keeps images, and is told of what else is wrong. */
const choice = new Choice(['by its own name, novolume', 'no right for the service account', 'an expired token'])

let registry: TokenRegistry

const lanes = new Lanes<Done>()
const made = new Made()
let processes: PodProcesses

type Wanted<T> = () => Promise<T>

const connector = (
  name: string,
  upstream: () => ConnectorOptions['upstream'] & object,
  form: 'exposed' | 'unexposed'
): Wanted<Connector> =>
  once(async () => {
    const { cluster, namespace } = suite
    const making = createConnector(cluster, namespace, { name, form, upstream: upstream() })
    const connector = await made.keep(making, () => deleteConnector(cluster, namespace, name))
    await connectorUser(cluster, namespace, USER, connector)
    return connector
  })

/** To the registry, with an address of pods only: what nodes pull by its names, they pull from the registry. */
const own = connector('own', () => upstreamOf(registry), 'unexposed')
/** The same, with a proxy that changes. */
const broken = connector('broken', () => upstreamOf(registry), 'unexposed')
/** The same, with a proxy that takes a token for ten seconds. */
const brief = connector('brief', () => upstreamOf(registry), 'unexposed')
/** To a registry that speaks plain HTTP, wants no password, and is known to pods only. */
const open = connector('open', () => ({ address: `http://${inCluster()}` }), 'exposed')

function inCluster(): string {
  const { host, port } = suite.cluster.registry
  return `${host}:${port}`
}

const RIGHTS = rightsFor(['own', 'broken', 'brief', 'open'], [USER, STRANGER])
const first = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const novolume = once(() => suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...RIGHTS, EVENTS] }))
const second = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const third = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const poor = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rightsFor([], [USER])] }))
const stock = once(() => suite.runner({ mode: 'volume' }))

async function run(runner: Wanted<RunnerPod>, destination: Promise<object>, build?: Build): Promise<Done> {
  const [started, to] = await Promise.all([runner(), destination])
  return runBuild(suite, started, to, build)
}

type More = Readonly<Record<string, unknown>>

/** A destination that is pushed to by the forward proxy; `more` may depend on the connector. */
async function forward(
  connector: Wanted<Connector>,
  more: More | ((connector: Connector) => More) = {}
): Promise<object> {
  const one = await connector()
  return through(one, { proxy: 'forward', ...(typeof more === 'function' ? more(one) : more) })
}

/** What is pulled by the reverse proxy. */
const byReverse = (one: Connector): More => ({ pullAddress: byLocalhost(one) })

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await made.keep(tokenRegistry(cluster, namespace), one => one?.remove())
  await connectorUser(cluster, namespace, STRANGER, null)
  const { users, pullHost } = registry
  await dockerConfigSecret(cluster, namespace, READER.pullSecret, { [pullHost]: users.pull })
  await dockerConfigSecret(cluster, namespace, 'registry-pull', { [pullHost]: users.pull })
  await dockerConfigSecret(cluster, namespace, OTHERS.pullSecret, { 'ghcr.io': users.pull })
  const wrong = { username: users.pull.username, password: 'guessed' }
  await dockerConfigSecret(cluster, namespace, WRONG.pullSecret, { [pullHost]: wrong })
  await create(cluster, [secretOf(namespace, 'authority', { 'ca.crt': registry.ca ?? '' })])
  processes = await made.keep(new PodProcesses(), one => one?.stop())
  startJobs()
}, 400_000)

afterAll(() => made.remove(), 60_000)

/** No line of this looks for a proxy: the settings have one, and RUN is meant to see it. */
const PLAIN = action('hello', 'FROM busybox:1.36\nENTRYPOINT ["echo", "hello through a connector, built; found: ."]\n')

/** A proxy that nobody answers at, and an exception for the registry: neither is for the push. */
function deadProxy(): Build {
  const { mirror } = suite.cluster
  const dead = 'http://127.0.0.1:1'
  const noProxy = [mirror, registry.pushHost].map(host => host.replace(/:\d+$/, ''))
  return { settings: { proxy: { http: dead, https: dead, noProxy } }, files: PLAIN }
}

const kept = { settings: { image: { keep: '1h' } } }

/** Waits beyond the life of the volume's token. */
const SLOW = action('hello', 'FROM busybox:1.36\nRUN sleep 12\nENTRYPOINT ["true"]\n')

function startJobs(): void {
  const firsts = {
    'by its own name': () => run(first, forward(own, READER)),
    'by its own name, beside a proxy of the settings': () => run(first, forward(own, READER), deadProxy()),
    'kept by one job': () => run(first, forward(own, READER), kept),
    'kept for another one': () => run(second, forward(own, READER), kept),
    'a registry over plain HTTP': () => run(second, forward(open, byReverse))
  }
  const novolumes = {
    'by its own name, novolume': () => run(novolume, forward(own, { ...READER, attributes: 'connectors' })),
    'no right for the service account': () => run(novolume, forward(own, { ...READER, serviceAccount: STRANGER })),
    'an expired token': async () => {
      await (await brief()).setKnobs({ tokenLifeSeconds: 10 })
      return run(novolume, forward(brief, READER), { files: SLOW })
    },
    'pulled by the reverse proxy': () => run(novolume, forward(own, byReverse)),
    'the example files': byExamples,
    'no right to read it': () => run(poor, forward(own, READER)),
    'no right to read it, with both addresses': () =>
      run(
        poor,
        forward(own, ({ urls }) => ({ ...READER, pushAddress: urls.unexposed, registry: registry.pushHost }))
      ),
    'a name that only pods know': () => run(novolume, forward(open)),
    "a registry that is not the connector's": () => run(novolume, forward(own, { ...READER, registry: 'ghcr.io' })),
    // The connector is not read.
    'a registry for which it has no password': () =>
      run(
        novolume,
        forward(open, ({ urls }) => ({ ...READER, pushAddress: urls.exposed, registry: registry.pushHost })),
        { settings: { build: { certificates: [{ registry: registry.pushHost, secret: 'authority' }] } } }
      )
  }
  const thirds = {
    'a refused approval': async () => {
      const proxy = await broken()
      await proxy.setApproval('rejected')
      return run(third, forward(broken, READER)).finally(() => proxy.setApproval(null))
    },
    'a registry that is down': async () => {
      const proxy = await broken()
      const down = registry.pushHost.replace(/:\d+$/, ':1')
      await proxy.setAddress(`https://${down}`)
      return run(third, forward(broken)).finally(() => proxy.setAddress(`https://${registry.pushHost}`))
    },
    'a pull Secret that is not there': () => run(third, forward(broken, { pullSecret: 'none' })),
    'a pull Secret for another registry': () => run(third, forward(broken, OTHERS)),
    'no pull Secret': () => run(third, forward(broken)),
    'a pull Secret that the registry does not take': () => run(third, forward(broken, WRONG))
  }
  for (const jobs of [firsts, novolumes, thirds]) lanes.start(choice.jobs<() => Promise<Done>>(jobs))

  /** The files of examples/, with the names of this cluster. */
  async function byExamples(): Promise<Done> {
    const { namespace } = suite
    const [runner] = await Promise.all([stock(), own()])
    const words = {
      'arc-runners': namespace,
      'namespace: connectors': `namespace: ${namespace}`,
      'connectors/harbor': `${namespace}/own`,
      '[harbor]': '[own]',
      'kaniko-hooks-runner': runner.name,
      'acme/actions': REPOSITORY
    }
    const here = (text: string): string =>
      Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
    const [rules = '', settings = ''] = await Promise.all(
      ['connector-rbac.yaml', 'settings/connector-forward.yaml'].map(async file =>
        readFile(join(EXAMPLES, file), 'utf8')
      )
    )
    await kubectl(suite.cluster, ['apply', '-f', '-'], here(rules))
    const { destinations } = load(here(settings)) as { destinations: [object] }
    return runBuild(suite, runner, destinations[0])
  }
}

describe('an image is built, pushed by the forward proxy, pulled by the kubelet, run and removed:', () => {
  test.each(
    choice.rows([
      'by its own name',
      'by its own name, novolume',
      'by its own name, beside a proxy of the settings',
      'the example files',
      'no right to read it, with both addresses'
    ])
  )(
    '%s',
    async name => {
      const done = await lanes.result(name)
      expectBuilt(done)
      expect(stopOf(done)).toEqual([])
      const { image, tag, digest } = imageOf(done)
      expect(done.result.log).toContain(`Pushed ${registry.pushHost}/${image}\n`)
      expect(done.result.log).toContain(`: ${registry.pullHost}/${REPOSITORY}@${digest}\n`)
      expect(await registry.images()).not.toContain(image)
      const proxy = await own()
      expect(await proxy.requests()).toContainEqual(
        expect.objectContaining({
          via: 'forward',
          method: 'PUT',
          host: registry.pushHost,
          path: `/v2/${REPOSITORY}/manifests/${tag}`,
          status: 201,
          injected: true,
          // What crane sent itself: nothing.
          authorization: null
        })
      )
      // Removed by the hook, which goes by the other proxy.
      const reversed = await seenBy(proxy, digest)
      expect(reversed).toContain(`DELETE /v2/${proxy.prefix}${REPOSITORY}/manifests/${digest} 202`)
      // The kubelet asked the registry itself, which was not asked for it by a proxy.
      const pulled = { method: 'GET', path: `/v2/${REPOSITORY}/manifests/${digest}`, status: 200 }
      const requests = (await registry.requests()).map(line => ({ ...line, path: asManifest(line.path, digest) }))
      expect(requests).toContainEqual(expect.objectContaining(pulled))
      expect(reversed).not.toContain(`GET /v2/${proxy.prefix}${REPOSITORY}/manifests/${digest} 200`)
      expect(reversed).not.toContain(`GET ${pulled.path} 200`)
    },
    400_000
  )

  if (choice.has('pulled by the reverse proxy')) {
    test('pulled by the reverse proxy', async () => {
      const [done, proxy] = [await lanes.result('pulled by the reverse proxy'), await own()]
      expectBuilt(done)
      const { image, digest } = imageOf(done)
      expect(done.result.log).toContain(`Pushed ${registry.pushHost}/${image}\n`)
      expect(done.result.log).toContain(`: ${byLocalhost(proxy)}/${REPOSITORY}@${digest}\n`)
      expect(await seenBy(proxy, digest)).toContain(`GET /v2/${proxy.prefix}${REPOSITORY}/manifests/${digest} 200`)
      expect(await registry.images()).not.toContain(image)
    }, 400_000)
  }

  if (choice.has('a registry over plain HTTP')) {
    test('a registry over plain HTTP', async () => {
      const done = await lanes.result('a registry over plain HTTP')
      expectBuilt(done)
      const { image, tag } = imageOf(done)
      const path = `/v2/${REPOSITORY}/manifests/${tag}`
      expect(await (await open()).requests()).toContainEqual(
        expect.objectContaining({ via: 'forward', method: 'PUT', path, status: 201 })
      )
      expect(await imagesIn(suite.cluster)).not.toContain(image)
    }, 400_000)
  }
})

if (choice.has('kept for another one')) {
  test('a kept image is found again, by the reverse proxy', async () => {
    const [kept, again] = [await lanes.result('kept by one job'), await lanes.result('kept for another one')]
    expect([errorIn(kept), errorIn(again)]).toEqual(['no error', 'no error'])
    const { image, digest } = imageOf(kept)
    expect(await registry.images()).toContain(image)
    expect(buildPods(again)).toEqual([])
    expect(outputIn(again)).toContainEqual(expect.stringContaining(`was kept by an earlier job: ${registry.pullHost}`))
    const proxy = await own()
    expect(await seenBy(proxy)).toContain(`HEAD /v2/${proxy.prefix}${REPOSITORY}/manifests/${digest} 200`)
  }, 400_000)
}

describe('refused before any pod that builds:', () => {
  test.each(
    choice.rows([
      [
        'a name that only pods know',
        /the nodes cannot pull from \S+, a name that only pods know: .*, and set pullAddress/
      ],
      [
        'no right to read it',
        /may not read the connector \S+\/own\. Grant .*resourceNames: \[own\], verbs: \[get\].*, or set pushAddress and registry/
      ],
      [
        "a registry that is not the connector's",
        /the connector \S+\/own gives its credential for https:\S+ only .*, and the setting registry is ghcr\.io/
      ],
      ['no right for the service account', /DENIED.*from service account stranger, which needs get on the connector/],
      ['a registry that is down', /the registry behind the connector \S+\/broken cannot be used: .*502/],
      ['a pull Secret that is not there', /The Secret none in namespace \S+, which the settings name, does not exist/],
      ['a pull Secret for another registry', /The Secret others .* has no entry for \S+ \(it has: ghcr\.io\)/]
    ])
  )(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expectRefused(done, sentence)
      expect(buildPods(done)).toEqual([])
    },
    400_000
  )
})

describe('refused with a sentence of its own:', () => {
  test.each(
    choice.rows([
      ['a refused approval', /could not be pushed; the connector gave no credential: .*"message"/],
      [
        'an expired token',
        /could not be pushed; the proxy does not take the credential: .*Proxy Authentication Required.*from service account images, .* is good for 35 minutes from the start of the build pod/
      ],
      [
        'a registry for which it has no password',
        /could not be pushed; the registry \S+ said: .*401 Unauthorized.*; the connector gives the registry's password for its spec\.address only/
      ],
      ['no pull Secret', /The image .* cannot be pulled.*(?:401|authorization failed|unauthorized)/i],
      [
        'a pull Secret that the registry does not take',
        /The image .* cannot be pulled.*(?:401|authorization|unauthorized)/i
      ]
    ])
  )(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expectRefused(done, sentence)
      expect(buildPods(done)).toHaveLength(1)
      expect(stopOf(done)).toEqual([])
      expect(done.result.log).not.toMatch(TOKEN)
    },
    400_000
  )
})

describe('who has which credential', () => {
  test.each(choice.rows(['by its own name', 'by its own name, novolume']))(
    '%s: the push container alone has the volume, and nothing of it stands in a pod or log',
    async name => {
      const done = await lanes.result(name)
      const [pod] = buildPods(done)
      expect(pod?.spec).toMatchObject({ serviceAccountName: USER, automountServiceAccountToken: false })
      const volumes = (pod?.spec?.volumes ?? []).flatMap(({ name: volume, csi }) => (csi === undefined ? [] : [volume]))
      expect(volumes).toEqual(['connector'])
      const containers = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])]
      const mounting = containers.filter(({ volumeMounts = [] }) =>
        volumeMounts.some(mount => mount.name === 'connector')
      )
      expect(mounting.map(container => container.name)).toEqual(['push'])
      expect(mounting[0]?.env ?? []).toEqual([])
      const pods = done.seen.filter(({ kind }) => kind === 'Pod')
      expect(pods.length).toBeGreaterThan(1)
      expect(JSON.stringify(pods)).not.toMatch(TOKEN)
      expect(JSON.stringify(pods)).not.toMatch(/%2F|proxy=http/i)
      expect(done.result.log).not.toMatch(TOKEN)
      expect(done.result.log).not.toContain('%2F')
    },
    120_000
  )

  test.each(choice.rows(['by its own name', 'by its own name, novolume']))(
    "%s: the token is in the environment of crane's process and nowhere else",
    async name => {
      const [pod] = buildPods(await lanes.result(name))
      const texts = processes.of(pod?.metadata?.uid ?? '')
      expect(texts.length).toBeGreaterThan(3)
      const having = texts.filter(text => TOKEN.test(text))
      expect(having.map(text => text.split('\n').slice(0, 3))).toEqual([['crane', 'push', '/kaniko/image']])
      const lines = having.flatMap(text => text.split('\n')).filter(line => TOKEN.test(line))
      expect(lines.map(line => line.split('=', 1)[0]).sort()).toEqual([
        'HTTPS_PROXY',
        'HTTP_PROXY',
        'http_proxy',
        'https_proxy'
      ])
    },
    120_000
  )

  test.each(
    choice.rows([
      ['by its own name', (namespace: string) => ({ 'connector.name': 'own', 'connector.namespace': namespace })],
      ['by its own name, novolume', (namespace: string) => ({ connectors: `${namespace}/own` })]
    ])
  )(
    '%s: the volume asks for no file of the class',
    async (name, attributes) => {
      const [pod] = buildPods(await lanes.result(name))
      const volume = pod?.spec?.volumes?.find(({ csi }) => csi !== undefined)
      expect(volume?.csi?.volumeAttributes).toEqual({ ...attributes(suite.namespace), 'token.expiration': '35m' })
    },
    120_000
  )

  test("the registry's password was used by the proxies alone, and nodes pulled with the reader's", async () => {
    await lanes.ended()
    const connectors = choice.has('no pull Secret') ? [own, brief, broken] : [own, brief]
    const lines = (await Promise.all(connectors.map(async wanted => (await wanted()).requests()))).flat()
    const { users } = registry
    // The test itself lists the images, as the administrator.
    const uses = (await registry.tokenRequests()).filter(({ user }) => user !== null && user !== users.admin.username)
    const by = (username: string) => uses.filter(({ user }) => user === username).length
    expect(new Set(uses.map(({ user }) => user))).toEqual(new Set([users.delete.username, users.pull.username]))
    const accounts = choice.has('the example files') ? [USER, 'kaniko-hooks-images'] : [USER]
    expect(by(users.delete.username)).toBeLessThanOrEqual(lines.filter(({ injected }) => injected).length)
    expect(new Set(lines.filter(({ injected }) => injected).map(({ who }) => who))).toEqual(
      new Set(accounts.map(account => `${suite.namespace}/${account}`))
    )
  }, 400_000)
})
