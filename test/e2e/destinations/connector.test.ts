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
import { withTemplate } from '../../faults/template.js'
import {
  createAuthority,
  proxiedRegistry,
  tokenRegistry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { create, secretOf, undoAll, type Undo } from '../../stand-ins/registries/objects.js'
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
import { holdJob } from '../../harness/hold-job.js'
import { outputOf, stepOf } from '../../harness/job.js'
import { kubectl } from '../../harness/kubectl.js'
import { createNamespace, type Namespace } from '../../harness/namespace.js'
import { once } from '../../harness/once.js'
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

/** The long run goes other ways too, and is told of what else is wrong. */
const choice = new Choice(['an ingress with TLS', 'a refused mount', 'the example files'])

let registry: TokenRegistry
/** For a connector in a namespace of its own, as in examples/connector-rbac.yaml. */
let elsewhere: Namespace
const undo: Undo[] = []
const all: Connector[] = []

type Wanted<T> = () => Promise<T>

/** A connector that {@link USER} may use; it goes with the suite, even half made. */
const connect = (name: string, more: Partial<ConnectorOptions> = {}): Wanted<Connector> =>
  once(async () => {
    const connector = await connectIn(suite.namespace, name, more)
    await connectorUser(suite.cluster, suite.namespace, USER, connector)
    return connector
  })

async function connectIn(namespace: string, name: string, more: Partial<ConnectorOptions> = {}): Promise<Connector> {
  const { cluster } = suite
  undo.push(() => deleteConnector(cluster, namespace, name))
  const connector = await createConnector(cluster, namespace, { name, upstream: upstreamOf(registry), ...more })
  all.push(connector)
  return connector
}

/** Its node trusts it. */
const trusted = (making: Wanted<Connector>): Wanted<Connector> =>
  once(async () => {
    const connector = await making()
    undo.push(await trustPlainHttp(suite.cluster, connector.nodeHost))
    return connector
  })

/** With each form of address. */
const exposed = trusted(connect('exposed'))
const inside = connect('inside', { form: 'unexposed' })
const old = connect('old', { form: 'host' })
/** One whose status and proxy change. */
const broken = connect('broken')
/** One that waits for an approval. */
const pending = once(async () => {
  const connector = await connect('pending')()
  await connector.setApproval('pending')
  return connector
})
const apart = once(() => connectIn(elsewhere.name, 'apart'))
/** One to which the right is lost. */
const brief = connect('brief')
/** One whose proxy does the other thing wherever the vendor's documentation leaves it open. */
const other = trusted(connect('other', { knobs: OTHER_GUESSES }))
/** One whose proxy is behind an ingress with TLS, which has a certificate of a private authority. */
const behindIngress = once(async () => {
  const { cluster, namespace } = suite
  const [connector, authority] = await Promise.all([connect('secure')(), createAuthority()])
  const behind = { pushHost: connector.nodeHost, images: () => registry.images() }
  const ingress = await proxiedRegistry(cluster, namespace, behind, { name: 'ingress', authority })
  undo.push(() => ingress.remove())
  await connector.setStatus(new URL(`https://${ingress.pushHost}/${connector.prefix.replace(/\/$/, '')}`))
  await create(cluster, [secretOf(namespace, 'ingress-authority', { 'tls.pem': authority.certificate })])
  return { connector, ingress }
})
const secure = async (): Promise<Connector> => (await behindIngress()).connector

const NAMES = ['exposed', 'inside', 'old', 'broken', 'pending', 'apart', 'secure', 'brief', 'other', 'missing']
const RIGHTS = rightsFor(NAMES, [USER, STRANGER, NOBODY])
const first = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const novolume = once(() => suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...RIGHTS, EVENTS] }))
const second = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS, EVENTS] }))
const poor = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rightsFor([], [USER])] }))
const stock = once(() => suite.runner({ mode: 'volume' }))

type More = Readonly<Record<string, unknown>>

/** Runs a job with a destination behind a connector; `more` may depend on the connector. */
async function run(
  runner: Wanted<RunnerPod>,
  connector: Wanted<Connector>,
  more: More | ((connector: Connector) => More) = {},
  build?: Build
): Promise<Done> {
  const [started, to] = await Promise.all([runner(), connector()])
  return runBuild(suite, started, through(to, typeof more === 'function' ? more(to) : more), build)
}

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace)
  undo.push(() => registry.remove())
  elsewhere = await createNamespace(cluster, 'connectors')
  undo.push(() => elsewhere.delete())
  await connectorUser(cluster, namespace, STRANGER, null)
  startJobs()
}, 400_000)

afterAll(() => undoAll(undo), 60_000)

const lanes = new Lanes<Done>()

/** The pull address is set, so that nothing but the connector's proxy is asked for its address. */
const configured = (connector: Connector): More => ({ ...byLocal(connector), pushAddress: connector.urls.exposed })
const byLocal = (connector: Connector): More => ({ pullAddress: byLocalhost(connector) })

/** The files of examples/, with the names of this cluster: runners here, the connector there. */
async function byExamples(more: object): Promise<Done> {
  const [runner, connector] = await Promise.all([stock(), apart()])
  const words = {
    'arc-runners': suite.namespace,
    'namespace: connectors': `namespace: ${elsewhere.name}`,
    'connectors/harbor': `${elsewhere.name}/apart`,
    '[harbor]': '[apart]',
    'kaniko-hooks-runner': runner.name,
    'acme/actions': REPOSITORY
  }
  const here = (text: string): string =>
    Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
  const pullAddress = /localhost:31567\S+/
  const [rules = '', settings = ''] = await Promise.all(
    ['connector-rbac.yaml', 'settings/connector.yaml'].map(async file => readFile(join(EXAMPLES, file), 'utf8'))
  )
  await kubectl(suite.cluster, ['apply', '-f', '-'], here(rules))
  const { destinations } = load(here(settings.replace(pullAddress, byLocalhost(connector)))) as {
    destinations: [{ connector: object }]
  }
  return runBuild(suite, runner, { connector: { ...destinations[0].connector, ...more } })
}

/** A job while something is otherwise with a connector that changes. */
async function meanwhile(
  change: (connector: Connector) => Promise<void>,
  back: (connector: Connector) => Promise<void>,
  more: (connector: Connector) => More = () => ({}),
  build?: Build
) {
  const connector = await broken()
  await change(connector)
  try {
    return await run(second, broken, more, build)
  } finally {
    await back(connector)
  }
}

const whileStatus = (...status: Parameters<Connector['setStatus']>): Promise<Done> =>
  meanwhile(
    connector => connector.setStatus(...status),
    connector => connector.setStatus('exposed')
  )
const whileKnobs = (knobs: Partial<Knobs>, build?: Build): Promise<Done> =>
  meanwhile(
    connector => connector.setKnobs(knobs),
    connector => connector.resetKnobs(),
    byLocal,
    build
  )

function startJobs(): void {
  const firsts = {
    'an exposed connector': () => run(first, exposed),
    'one inside of the cluster': () =>
      run(first, inside, connector => ({ ...byLocal(connector), configuration: 'docker-config' })),
    'one of version 1.0': async () => {
      const puller = await inside()
      return run(first, old, byLocal(puller))
    },
    'a name that only pods know': () => run(first, inside),
    'no connector': async () =>
      runBuild(suite, await first(), through({ namespace: suite.namespace, name: 'missing' })),
    'no service account': () => run(first, exposed, { serviceAccount: NOBODY }),
    'no right for the service account': () => run(first, exposed, { serviceAccount: STRANGER })
  }
  const novolumes = {
    'an exposed connector, novolume': () => run(novolume, exposed, { attributes: 'connectors' }),
    'a refused mount': () => run(novolume, pending, configured),
    'the other guesses': () => run(novolume, other),
    'an ingress with TLS': async () => {
      const runner = await novolume()
      const { template, look: onObject } = holdJob(suite.cluster, runner, 1)
      const env = await withTemplate(runner, template)
      const more = { ca: { secret: 'ingress-authority', key: 'tls.pem' } }
      return run(novolume, secure, more, { isDownloaded: true, env, onObject })
    },
    'an ingress with TLS, of an unknown authority': () => run(novolume, secure),
    'a configuration that the class has not': () => run(novolume, exposed, { configuration: 'none' }),
    // The proxy has let the hook in, and the driver asks anew.
    'a right that is lost before the mount': async () => {
      const [runner, connector] = await Promise.all([novolume(), brief()])
      return runHeldBuild(suite, runner, through(connector, byLocal(connector)), async () => {
        await kubectl(suite.cluster, ['-n', suite.namespace, 'delete', 'rolebinding', `${USER}-brief`])
      })
    }
  }
  const seconds = {
    ...Object.fromEntries(REASONS.map(([reason]) => [reason, () => whileStatus('exposed', reason)])),
    'no proxy': () => whileStatus('none'),
    'a refused approval': () =>
      meanwhile(
        connector => connector.setApproval('rejected'),
        connector => connector.setApproval(null)
      ),
    'an expired token': () =>
      whileKnobs(
        { tokenLifeSeconds: 10 },
        { files: action('hello', 'FROM busybox:1.36\nRUN sleep 12\nENTRYPOINT ["true"]\n') }
      ),
    'a registry that is down': () =>
      meanwhile(
        connector => connector.setAddress(`https://${registry.pushHost.replace(/:\d+$/, ':1')}`),
        connector => connector.setAddress(`https://${registry.pushHost}`)
      ),
    'a right to the proxy that is wanted too': () => whileKnobs({ proxyPermission: true }),
    'a right that is looked at for each request': () => whileKnobs({ checkEachRequest: true })
  }
  const poors = {
    'a refused mount, without events': () => run(poor, pending, configured),
    'no right to read it': () => run(poor, exposed),
    'no right to read it, with both addresses': () => run(poor, exposed, configured),
    'no right for tokens': () =>
      run(poor, exposed, connector => ({ ...configured(connector), serviceAccount: STRANGER })),
    'the example files': () => byExamples({}),
    'the example files, with the newer attribute': () => byExamples({ attributes: 'connectors' })
  }
  for (const jobs of [firsts, novolumes, seconds, poors]) lanes.start(choice.jobs<() => Promise<Done>>(jobs))
}

const REASONS: readonly (readonly [NotReady, RegExp])[] = [
  ['ConnectionFailed', /is not ready: ConnectionFailed: the address does not answer \(LivenessReady\)/],
  ['AuthenticationFailed', /is not ready: AuthenticationFailed: Authentication failed: status code 401 \(AuthReady\)/],
  ['SecretNotFound', /is not ready: SecretNotFound: .*not found \(SecretReady\)/]
]

test('a build that began with the job is pushed by its pod alone, before the step comes', async () => {
  const { result, ...done } = await lanes.result('an ingress with TLS')
  expect(outputOf(stepOf(result, 'Initialize containers'))).toEqual([
    'The image of _actions/octo/hello/v1/Dockerfile is being built meanwhile.'
  ])
  expect(buildPods({ result, ...done })).toHaveLength(1)
  expect(outputOf(stepOf(result, 'hello'))).toContainEqual(expect.stringMatching(/^Built since the job began; /))
}, 400_000)

describe('an image is built, pushed, pulled by the kubelet, run and removed through', () => {
  test.each(
    choice.rows([
      ['an exposed connector', exposed, exposed],
      ['an exposed connector, novolume', exposed, exposed],
      ['one inside of the cluster', inside, inside],
      ['one of version 1.0', old, inside],
      ['no right to read it, with both addresses', exposed, exposed],
      ['the example files', apart, apart],
      ['the example files, with the newer attribute', apart, apart],
      ['an ingress with TLS', secure, secure],
      ['the other guesses', other, other],
      ['a right that is looked at for each request', broken, broken]
    ])
  )(
    '%s',
    async (name, pushedTo, pulledFrom) => {
      const done = await lanes.result(name)
      expectBuilt(done)
      expect(stopOf(done)).toEqual([])
      const { image, tag, digest } = imageOf(done)
      expect(await registry.images()).not.toContain(image)
      const path = (connector: Connector) => `/v2/${connector.prefix}${REPOSITORY}/manifests`
      const [push, pull] = await Promise.all([pushedTo(), pulledFrom()])
      const [pushed, pulled] = await Promise.all([seenBy(push, digest), seenBy(pull, digest)])
      expect(pushed).toEqual(
        expect.arrayContaining([`PUT ${path(push)}/${tag} 201`, `DELETE ${path(push)}/${digest} 202`])
      )
      expect(pulled).toContain(`GET ${path(pull)}/${digest} 200`)
    },
    240_000
  )
})

test('an ingress is spoken to over TLS by everybody, with the authority that the settings name', async () => {
  const done = await lanes.result('an ingress with TLS')
  const { tag, digest } = imageOf(done)
  const { connector, ingress } = await behindIngress()
  const path = `/v2/${connector.prefix}${REPOSITORY}/manifests`
  const lines = (await ingress.requests()).map(
    line => `${line.method} ${asManifest(line.path, digest)} ${line.status ?? '?'}`
  )
  expect(lines).toEqual(
    expect.arrayContaining([`PUT ${path}/${tag} 201`, `GET ${path}/${digest} 200`, `DELETE ${path}/${digest} 202`])
  )
  const pusher = buildPods(done)[0]?.spec?.containers.find(({ name }) => name === 'push')
  // Its script, which is the same for all, knows the word.
  const [, , , ...args] = pusher?.command ?? []
  expect(args).toContainEqual(expect.stringContaining(ingress.pushHost))
  expect(args).not.toContain('--insecure')
}, 400_000)

const REFUSALS = choice.rows([
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
])

if (REFUSALS.length > 0) {
  describe('refused before any pod that builds:', () => {
    test.each(REFUSALS)(
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
}

describe('refused with a sentence of its own:', () => {
  test.each(
    choice.rows([
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
    ])
  )(
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
  test.each(
    choice.rows(['an exposed connector', 'an exposed connector, novolume', 'one of version 1.0', 'an ingress with TLS'])
  )(
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

  test.each(
    choice.rows([
      ['an exposed connector', () => ({ 'connector.name': 'exposed', 'connector.namespace': suite.namespace })],
      ['an exposed connector, novolume', () => ({ connectors: `${suite.namespace}/exposed` })],
      ['the example files', () => ({ 'connector.name': 'apart', 'connector.namespace': elsewhere.name })],
      ['the example files, with the newer attribute', () => ({ connectors: `${elsewhere.name}/apart` })],
      [
        'one inside of the cluster',
        () => ({
          'connector.name': 'inside',
          'connector.namespace': suite.namespace,
          'configuration.names': 'docker-config'
        })
      ]
    ])
  )(
    '%s: the volume names the connector',
    async (name, attributes) => {
      const [pod] = buildPods(await lanes.result(name))
      const volume = pod?.spec?.volumes?.find(({ csi }) => csi !== undefined)
      expect(volume?.csi?.volumeAttributes).toEqual({
        'configuration.names': 'registry-config',
        'token.expiration': '35m',
        ...attributes()
      })
    },
    120_000
  )

  test("the registry's password was used by the proxies alone, and for the dedicated service account alone", async () => {
    await lanes.ended()
    const lines = (await Promise.all(all.map(connector => connector.requests()))).flat()
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
    const strangers = choice.has('no right for the service account') ? [STRANGER] : []
    expect(new Set(lines.flatMap(({ who }) => who ?? []))).toEqual(
      new Set([USER, EXAMPLE_USER, ...strangers].map(user => `${suite.namespace}/${user}`))
    )
  }, 400_000)
})
