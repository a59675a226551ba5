import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { load } from 'js-yaml'

import {
  connectorUser,
  createConnector,
  deleteConnector,
  installConnectors,
  trustPlainHttp,
  type Connector,
  type ConnectorOptions,
  type Knobs,
  type NotReady
} from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import {
  createAuthority,
  proxiedRegistry,
  tokenRegistry,
  type ProxiedRegistry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { create, secretOf, undoAll, type Undo } from '../../stand-ins/registries/objects.js'
import {
  buildPods,
  byLocalhost,
  errorIn,
  EVENTS,
  expectBuilt,
  expectRefused,
  imageOf,
  REPOSITORY,
  rightsFor,
  runBuild,
  runHeldBuild,
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
import { createNamespace, type Namespace } from '../../harness/namespace.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../../harness/roles.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'

const suite = new Suite('connect')

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')
/** Without any. */
const STRANGER = 'stranger'
/** As in examples/connector-rbac.yaml. */
const EXAMPLE_USER = 'kaniko-hooks-images'
/** The vendor's own published design of a proxy where it has one, and what else clients have to get along with. */
const OTHER_GUESSES: Partial<Knobs> = {
  bearer: 'upstream',
  basic: false,
  location: 'absolute',
  challengeScope: 'upstream',
  tokenPost: 404
}
/** A service account that is not there. */
const NOBODY = 'nobody'

let registry: TokenRegistry
/** With each form of address. */
let exposed: Connector
let inside: Connector
let old: Connector
/** One whose status and proxy change, and one that waits for an approval. */
let broken: Connector
let pending: Connector
/** One in a namespace of its own, as in examples/connector-rbac.yaml. */
let elsewhere: Namespace
let apart: Connector
/** One whose proxy is behind an ingress with TLS, which has a certificate of a private authority. */
let secure: Connector
let ingress: ProxiedRegistry
/** One to which the right is lost. */
let brief: Connector
/** One whose proxy does the other thing wherever the vendor's documentation leaves it open. */
let other: Connector
let runners: {
  readonly first: RunnerPod
  readonly novolume: RunnerPod
  readonly second: RunnerPod
  readonly poor: RunnerPod
  readonly stock: RunnerPod
}
const undo: Undo[] = []

const all = (): Connector[] => [exposed, inside, old, broken, pending, apart, secure, brief, other]

const run = (runner: RunnerPod, destination: object, build?: Build): Promise<Done> =>
  runBuild(suite, runner, destination, build)

/** It goes with the suite, even half made. */
function connect(namespace: string, options: ConnectorOptions): Promise<Connector> {
  undo.push(() => deleteConnector(suite.cluster, namespace, options.name))
  return createConnector(suite.cluster, namespace, options)
}

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace)
  undo.push(() => registry.remove())
  const upstream = upstreamOf(registry)
  elsewhere = await createNamespace(cluster, 'connectors')
  undo.push(() => elsewhere.delete())
  ;[exposed, inside, old, broken, pending, apart, secure, brief, other] = await Promise.all([
    connect(namespace, { name: 'exposed', upstream }),
    connect(namespace, { name: 'inside', upstream, form: 'unexposed' }),
    connect(namespace, { name: 'old', upstream, form: 'host' }),
    connect(namespace, { name: 'broken', upstream }),
    connect(namespace, { name: 'pending', upstream }),
    connect(elsewhere.name, { name: 'apart', upstream }),
    connect(namespace, { name: 'secure', upstream }),
    connect(namespace, { name: 'brief', upstream }),
    connect(namespace, { name: 'other', upstream, knobs: OTHER_GUESSES })
  ])
  for (const connector of all().filter(one => one.namespace === namespace))
    await connectorUser(cluster, namespace, USER, connector)
  await connectorUser(cluster, namespace, STRANGER, null)
  await pending.setApproval('pending')
  for (const { nodeHost } of [exposed, other]) undo.push(await trustPlainHttp(cluster, nodeHost))
  const authority = await createAuthority()
  const behind = { pushHost: secure.nodeHost, images: () => registry.images() }
  ingress = await proxiedRegistry(cluster, namespace, behind, { name: 'ingress', authority })
  undo.push(() => ingress.remove())
  await secure.setStatus(new URL(`https://${ingress.pushHost}/${secure.prefix.replace(/\/$/, '')}`))
  await create(cluster, [secretOf(namespace, 'ingress-authority', { 'tls.pem': authority.certificate })])
  const rights = rightsFor([...all().map(({ name }) => name), 'missing'], [USER, STRANGER, NOBODY])
  const [first, novolume, second, poor, stock] = await Promise.all([
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...rights, EVENTS] }),
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights, EVENTS] }),
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rightsFor([], [USER])] }),
    suite.runner({ mode: 'volume' })
  ])
  runners = { first, novolume, second, poor, stock }
  startJobs()
}, 400_000)

afterAll(() => undoAll(undo), 60_000)

const lanes = new Lanes<Done>()

/** The pull address is set, so that nothing but the connector's proxy is asked for its address. */
const configured = (connector: Connector, more: object = {}): object =>
  through(connector, { pushAddress: connector.urls.exposed, pullAddress: byLocalhost(connector), ...more })

/** The files of examples/, with the names of this cluster: runners here, the connector there. */
async function byExamples(more: object): Promise<Done> {
  const words = {
    'arc-runners': suite.namespace,
    'namespace: connectors': `namespace: ${elsewhere.name}`,
    'connectors/harbor': `${elsewhere.name}/apart`,
    '[harbor]': '[apart]',
    'kaniko-hooks-runner': runners.stock.name,
    'acme/actions': REPOSITORY
  }
  const here = (text: string): string =>
    Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
  const pullAddress = /localhost:31567\S+/
  const [rules = '', settings = ''] = await Promise.all(
    ['connector-rbac.yaml', 'settings/connector.yaml'].map(async file => readFile(join(EXAMPLES, file), 'utf8'))
  )
  await kubectl(suite.cluster, ['apply', '-f', '-'], here(rules))
  const { destinations } = load(here(settings.replace(pullAddress, byLocalhost(apart)))) as {
    destinations: [{ connector: object }]
  }
  return run(runners.stock, { connector: { ...destinations[0].connector, ...more } })
}

/** A job while something is otherwise with a connector. */
async function meanwhile(change: () => Promise<void>, back: () => Promise<void>, job: () => Promise<Done>) {
  await change()
  try {
    return await job()
  } finally {
    await back()
  }
}

const whileStatus = (...status: Parameters<Connector['setStatus']>): Promise<Done> =>
  meanwhile(
    () => broken.setStatus(...status),
    () => broken.setStatus('exposed'),
    () => run(runners.second, through(broken))
  )
const whileKnobs = (knobs: Partial<Knobs>, build?: Build): Promise<Done> =>
  meanwhile(
    () => broken.setKnobs(knobs),
    () => broken.resetKnobs(),
    () => run(runners.second, through(broken, { pullAddress: byLocalhost(broken) }), build)
  )

function startJobs(): void {
  const { first, novolume, second, poor } = runners
  lanes.start({
    'an exposed connector': () => run(first, through(exposed)),
    'one inside of the cluster': () =>
      run(first, through(inside, { pullAddress: byLocalhost(inside), configuration: 'docker-config' })),
    'one of version 1.0': () => run(first, through(old, { pullAddress: byLocalhost(inside) })),
    'a name that only pods know': () => run(first, through(inside)),
    'no connector': () => run(first, through({ ...exposed, name: 'missing' })),
    'no service account': () => run(first, through(exposed, { serviceAccount: NOBODY })),
    'no right for the service account': () => run(first, through(exposed, { serviceAccount: STRANGER }))
  })
  lanes.start({
    'an exposed connector, novolume': () => run(novolume, through(exposed, { attributes: 'connectors' })),
    'the other guesses': () => run(novolume, through(other)),
    'an ingress with TLS': () =>
      run(novolume, through(secure, { ca: { secret: 'ingress-authority', key: 'tls.pem' } })),
    'an ingress with TLS, of an unknown authority': () => run(novolume, through(secure)),
    'a configuration that the class has not': () => run(novolume, through(exposed, { configuration: 'none' })),
    // The proxy has let the hook in, and the driver asks anew.
    'a right that is lost before the mount': () =>
      runHeldBuild(suite, novolume, through(brief, { pullAddress: byLocalhost(brief) }), async () => {
        await kubectl(suite.cluster, ['-n', suite.namespace, 'delete', 'rolebinding', `${USER}-brief`])
      })
  })
  lanes.start({
    'a refused mount': () => run(second, configured(pending)),
    ...Object.fromEntries(REASONS.map(([reason]) => [reason, () => whileStatus('exposed', reason)])),
    'no proxy': () => whileStatus('none'),
    'a refused approval': () =>
      meanwhile(
        () => broken.setApproval('rejected'),
        () => broken.setApproval(null),
        () => run(second, through(broken))
      ),
    'an expired token': () =>
      whileKnobs(
        { tokenLifeSeconds: 10 },
        { files: action('hello', 'FROM busybox:1.36\nRUN sleep 12\nENTRYPOINT ["true"]\n') }
      ),
    'a registry that is down': () =>
      meanwhile(
        () => broken.setAddress(`https://${registry.pushHost.replace(/:\d+$/, ':1')}`),
        () => broken.setAddress(`https://${registry.pushHost}`),
        () => run(second, through(broken))
      ),
    'a right to the proxy that is wanted too': () => whileKnobs({ proxyPermission: true }),
    'a right that is looked at for each request': () => whileKnobs({ checkEachRequest: true })
  })
  lanes.start({
    'a refused mount, without events': () => run(poor, configured(pending)),
    'no right to read it': () => run(poor, through(exposed)),
    'no right to read it, with both addresses': () => run(poor, configured(exposed)),
    'no right for tokens': () => run(poor, configured(exposed, { serviceAccount: STRANGER })),
    'the example files': () => byExamples({}),
    'the example files, with the newer attribute': () => byExamples({ attributes: 'connectors' })
  })
}

const REASONS: readonly (readonly [NotReady, RegExp])[] = [
  ['ConnectionFailed', /is not ready: ConnectionFailed: the address does not answer \(LivenessReady\)/],
  ['AuthenticationFailed', /is not ready: AuthenticationFailed: Authentication failed: status code 401 \(AuthReady\)/],
  ['SecretNotFound', /is not ready: SecretNotFound: .*not found \(SecretReady\)/]
]

describe('an image is built, pushed, pulled by the kubelet, run and removed through', () => {
  test.each([
    ['an exposed connector', () => exposed, () => exposed],
    ['an exposed connector, novolume', () => exposed, () => exposed],
    ['one inside of the cluster', () => inside, () => inside],
    ['one of version 1.0', () => old, () => inside],
    ['no right to read it, with both addresses', () => exposed, () => exposed],
    ['the example files', () => apart, () => apart],
    ['the example files, with the newer attribute', () => apart, () => apart],
    ['an ingress with TLS', () => secure, () => secure],
    ['the other guesses', () => other, () => other],
    ['a right that is looked at for each request', () => broken, () => broken]
  ])(
    '%s',
    async (name, push, pull) => {
      const done = await lanes.result(name)
      expectBuilt(done)
      expect(stopOf(done)).toEqual([])
      const { image, tag, digest } = imageOf(done)
      expect(await registry.images()).not.toContain(image)
      const path = (connector: Connector) => `/v2/${connector.prefix}${REPOSITORY}/manifests`
      const [pushed, pulled] = await Promise.all([seenBy(push()), seenBy(pull())])
      expect(pushed).toEqual(
        expect.arrayContaining([`PUT ${path(push())}/${tag} 201`, `DELETE ${path(push())}/${digest} 202`])
      )
      expect(pulled).toContain(`GET ${path(pull())}/${digest} 200`)
    },
    240_000
  )
})

test('an ingress is spoken to over TLS by everybody, with the authority that the settings name', async () => {
  const done = await lanes.result('an ingress with TLS')
  const { tag, digest } = imageOf(done)
  const path = `/v2/${secure.prefix}${REPOSITORY}/manifests`
  const lines = (await ingress.requests()).map(line => `${line.method} ${line.path} ${line.status ?? '?'}`)
  expect(lines).toEqual(
    expect.arrayContaining([`PUT ${path}/${tag} 201`, `GET ${path}/${digest} 200`, `DELETE ${path}/${digest} 202`])
  )
  const pusher = buildPods(done)[0]?.spec?.containers.find(({ name }) => name === 'push')
  // Its script, which is the same for all, knows the word.
  const [, , , ...args] = pusher?.command ?? []
  expect(args).toContainEqual(expect.stringContaining(ingress.pushHost))
  expect(args).not.toContain('--insecure')
}, 400_000)

describe('refused before any pod that builds:', () => {
  test.each([
    [
      'a name that only pods know',
      /the nodes cannot pull from c-inside\.\S+, a name that only pods know: expose the connector/
    ],
    ['no connector', /names the connector \S+\/missing: there is none of that name/],
    ...REASONS,
    ['no proxy', /its class has no proxy \(status\.proxy is empty\)/],
    [
      'no right to read it',
      /may not read the connector \S+\/exposed\. Grant .*resourceNames: \[exposed\], verbs: \[get\]/
    ],
    [
      'no right for tokens',
      /may not ask for tokens of service account stranger.*resourceNames: \[stranger\], verbs: \[create\]/
    ],
    ['no service account', /The service account nobody of the connector destination does not exist/],
    ['no right for the service account', /DENIED.*from service account stranger, which needs get on the connector/],
    ['a right to the proxy that is wanted too', /DENIED.*service account images/],
    ['an ingress with TLS, of an unknown authority', /certificate/],
    ['a registry that is down', /the registry behind the connector \S+\/broken cannot be used: .*502/]
  ] as const)(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expectRefused(done, sentence)
      // No rule that is wider than it has to be.
      expect(errorIn(done)).not.toMatch(/resources: \[[^\]]+\], verbs/)
      expect(buildPods(done)).toEqual([])
    },
    240_000
  )
})

describe('refused with a sentence of its own:', () => {
  test.each([
    ['a refused mount', /FailedMount.*MountVolume\.SetUp failed for volume "connector" .*waits for approval/],
    [
      'a refused mount, without events',
      /cannot be mounted \(by the CSI driver connectors-csi\).*grant it list on events/
    ],
    ['a configuration that the class has not', /FailedMount.*failed to generate configuration: No config/],
    ['a refused approval', /the connector gave no credential: .*"message"/],
    ['a right that is lost before the mount', /FailedMount.*could not get connector: permission denied/],
    [
      'an expired token',
      /UNAUTHORIZED.*from service account images, .*good for 35 minutes from the start of the build pod/
    ]
  ])(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expectRefused(done, sentence)
      expect(buildPods(done)).toHaveLength(1)
    },
    240_000
  )
})

describe('who has which credential', () => {
  test.each([['an exposed connector'], ['an exposed connector, novolume'], ['one of version 1.0']])(
    '%s: the push container alone has the volume, and no pod has a token',
    async name => {
      const done = await lanes.result(name)
      const [pod] = buildPods(done)
      expect(pod?.spec).toMatchObject({ serviceAccountName: USER, automountServiceAccountToken: false })
      const volumes = (pod?.spec?.volumes ?? []).flatMap(({ name: volume, csi }) => (csi === undefined ? [] : [volume]))
      expect(volumes).toEqual(['connector'])
      const mounting = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])].filter(
        ({ volumeMounts }) => volumeMounts?.some(mount => mount.name === 'connector')
      )
      expect(mounting.map(container => container.name)).toEqual(['push'])
      const pods = done.seen.filter(({ kind }) => kind === 'Pod')
      expect(JSON.stringify(pods)).not.toMatch(TOKEN)
      expect(done.result.log).not.toMatch(TOKEN)
    },
    120_000
  )

  test('the volume names the connector in both styles', async () => {
    const attributes = async (name: string) =>
      buildPods(await lanes.result(name))[0]?.spec?.volumes?.find(({ csi }) => csi !== undefined)?.csi?.volumeAttributes
    const { namespace } = suite
    const common = { 'configuration.names': 'registry-config', 'token.expiration': '35m' }
    expect(await attributes('an exposed connector')).toEqual({
      ...common,
      'connector.name': 'exposed',
      'connector.namespace': namespace
    })
    expect(await attributes('an exposed connector, novolume')).toEqual({
      ...common,
      connectors: `${namespace}/exposed`
    })
    expect(await attributes('the example files')).toEqual({
      ...common,
      'connector.name': 'apart',
      'connector.namespace': elsewhere.name
    })
    expect(await attributes('the example files, with the newer attribute')).toEqual({
      ...common,
      connectors: `${elsewhere.name}/apart`
    })
    expect(await attributes('one inside of the cluster')).toMatchObject({ 'configuration.names': 'docker-config' })
  })

  test("the registry's password was used by the proxies alone, and for the dedicated service account alone", async () => {
    await lanes.ended()
    const lines = (await Promise.all(all().map(connector => connector.requests()))).flat()
    const { username } = registry.users.delete
    const isOwn = (user: string | null): boolean => user === registry.users.admin.username
    // The test itself lists the images, as the administrator.
    const uses = (await registry.tokenRequests()).filter(
      ({ authorization, user }) => authorization !== null && !isOwn(user)
    )
    expect(uses.length).toBeGreaterThan(0)
    expect(new Set(uses.map(({ user }) => user))).toEqual(new Set([username]))
    expect(uses.length).toBeLessThanOrEqual(lines.filter(({ injected }) => injected).length)
    expect(new Set(lines.filter(({ injected }) => injected).map(({ who }) => who))).toEqual(
      new Set([USER, EXAMPLE_USER].map(user => `${suite.namespace}/${user}`))
    )
    expect(new Set(lines.flatMap(({ who }) => who ?? []))).toEqual(
      new Set([USER, EXAMPLE_USER, STRANGER].map(user => `${suite.namespace}/${user}`))
    )
  }, 400_000)
})
