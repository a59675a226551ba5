import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import {
  createAuthority,
  CranePod,
  craneRegistry,
  dockerConfigSecret,
  nodePortRegistry,
  proxiedRegistry,
  tokenRegistry,
  type Registry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import type { Authority } from '../../stand-ins/registries/authority.js'
import { create, secretOf } from '../../stand-ins/registries/objects.js'
import type { RequestLine } from '../../stand-ins/registries/registry.js'
import { Choice } from '../../harness/choice.js'
import { asManifest } from '../../harness/connector-job.js'
import { action, pushedBy, use } from '../../harness/dockerfile-action.js'
import { outputOf, runJob, stepOf, type JobRequest, type JobResult } from '../../harness/job.js'
import { Made } from '../../harness/made.js'
import { createNamespace } from '../../harness/namespace.js'
import { observe, type Seen } from '../../harness/observe.js'
import { once } from '../../harness/once.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf, type JobText } from '../../harness/workflow.js'

const suite = new Suite('destinations')
const HOOKS = 'ACTIONS_RUNNER_CONTAINER_HOOKS'

/** The long run has other registries, variables and rules too, and what unit tests show as well. */
const choice = new Choice(['a remote registry with tokens', 'two destinations'])

const made = new Made()
let at: string
let authority: Authority
let open: Registry
let closed: Registry & { readonly users: NonNullable<Registry['users']> }
let token: TokenRegistry
let crane: CranePod
const first = once(() => suite.runner({ mode: 'volume' }))
const novolume = once(() => suite.runner({ mode: 'novolume' }))

/** A registry with TLS and without passwords. */
const front = once(async () => {
  const itsOwn = await keep(craneRegistry(suite.cluster, at))
  return keep(proxiedRegistry(suite.cluster, at, itsOwn, { name: 'front', authority }))
})

/** Answers in the place of the open one. */
const proxy = once(() => keep(proxiedRegistry(suite.cluster, at, open)))

const keep = <R extends Registry>(making: Promise<R>): Promise<R> => made.keep(making, one => one?.remove())

/** A job that has ended, and what could be seen of it. */
interface Done {
  readonly result: JobResult
  /** What its hook calls made in the cluster. */
  readonly seen: readonly Seen[]
  readonly left: readonly string[]
}

interface Job extends Partial<JobText> {
  readonly destinations?: readonly object[]
  readonly settings?: object
  readonly files?: JobRequest['files']
  /** Of the runner: the hook sees it. */
  readonly variables?: JobRequest['env']
}

const HELLO = action(
  'hello',
  'FROM busybox:1.36\nCOPY said /said\nRUN echo "$(cat /said), built" >/said\nENTRYPOINT ["cat", "/said"]\n',
  { said: 'hello from the image' }
)

/** All containers of a pod share this file: the names of registries would stand for nothing any more. */
const MISLEAD = 'echo nameserver 192.0.2.9 >/etc/resolv.conf'

async function run(
  wanted: () => Promise<RunnerPod>,
  { destinations, settings, files, variables, steps, ...job }: Job
): Promise<Done> {
  const runner = await wanted()
  const path = await runner.writeSettings({ ...(destinations === undefined ? {} : { destinations }), ...settings })
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.busybox,
        ...job,
        steps: steps ?? [use('hello', { 'continue-on-error': true })]
      }),
      files: files ?? HELLO,
      env: { KANIKO_HOOKS_CONFIG: path, ...variables }
    })
  )
  const isOfRunner = ({ metadata }: Seen): boolean => metadata?.name?.startsWith(`${runner.name}-`) === true
  return { result, seen: seen.filter(isOfRunner), left: await suite.left(runner) }
}

function nodePort({ pushHost, pullHost }: Registry, more: object = {}): object {
  const [host, port] = pushHost.split(':')
  return { nodePort: { host, port: Number(port), nodePort: Number(pullHost.split(':')[1]), ...more } }
}

const closedDestination = () => nodePort(closed, { pushSecret: 'closed-push', pullSecret: 'closed-pull' })
const remote = (host: string, more: object) => ({
  remote: { repository: `${host}/builds/actions`, ca: { secret: 'authority' }, ...more }
})
const tokenDestination = (pushSecret = 'token-delete') =>
  remote(token.pushHost, { pushSecret, pullSecret: 'token-pull' })

const outputIn = ({ result }: Done, step = 'hello'): string[] => outputOf(stepOf(result, step))
const errorsIn = (done: Done, step = 'hello'): string[] =>
  outputIn(done, step).filter(line => line.startsWith('##[error]'))
const stopOf = (done: Done): string[] => outputIn(done, 'Stop containers')

function expectGreen(done: Done, output: readonly string[] = ['hello from the image, built']): void {
  expect({ errors: errorsIn(done), output: outputIn(done) }).toEqual({
    errors: [],
    output: expect.arrayContaining([...output]) as unknown
  })
  expect(done.result.conclusion).toBe('success')
  expect(done.left).toEqual([])
}

type SeenPod = Extract<Seen, { kind: 'Pod' }>

function buildPods({ seen }: Done): SeenPod[] {
  return seen.filter(
    (item): item is SeenPod => item.kind === 'Pod' && item.metadata?.name?.includes('-build-') === true
  )
}

function buildPod(done: Done): NonNullable<SeenPod['spec']> & { readonly text: string } {
  const [pod, ...others] = buildPods(done)
  if (pod?.spec === undefined || others.length > 0) throw new Error(`${others.length} build pods besides one`)
  return { ...pod.spec, text: JSON.stringify(pod) }
}

/**
 * What a registry was asked about one build: by its tag, or by the digest that the log names. A runtime whose first question failed asks for the
 * manifest as for a blob (containerd, core/remotes/docker/resolver.go).
 */
async function asked(registry: Registry, { result }: Done, repository: string): Promise<string[]> {
  const [image = 'none'] = pushedBy(result, repository)
  const tag = image.split(':')[1] ?? 'none'
  const [digest = 'none'] = /sha256:[0-9a-f]{64}/.exec(result.log) ?? []
  const line = ({ method, path }: RequestLine) =>
    `${method} ${asManifest(path, digest).replace(tag, '<tag>').replace(digest, '<digest>')}`
  return (await registry.requests()).map(line).filter(text => /<(tag|digest)>/.test(text))
}

/** An image that is nobody else's: the kubelet remembers by what credential it got one, and refuses it without. */
async function place(identity: string, image: string, flags: readonly string[] = []): Promise<void> {
  const source = `${suite.cluster.mirror}/library/busybox:1.36`
  const label = `test.place=${suite.namespace}/${image}`
  const args = ['mutate', '--insecure', source, '--label', label, '--tag', image, ...flags]
  const { code, stderr } = await crane.run(identity, ...args)
  if (code !== 0) throw new Error(stderr)
}

/** Kaniko speaks to these over plain HTTP, and to the mirror as in every test. */
const insecure = (...registries: readonly Registry[]) => ({
  insecureRegistries: [suite.cluster.mirror, ...registries.map(({ pushHost }) => pushHost)]
})

beforeAll(async () => {
  const { cluster } = suite
  at = (await made.keep(createNamespace(cluster, 'destinations-at', 'restricted'), one => one?.delete())).name
  authority = await createAuthority()
  const registries = await Promise.all([
    keep(nodePortRegistry(cluster, at, { name: 'open' })),
    keep(nodePortRegistry(cluster, at, { name: 'closed', auth: true })),
    keep(tokenRegistry(cluster, at, { name: 'token', authority }))
  ])
  const [, withPasswords] = registries
  ;[open, , token] = registries
  if (withPasswords.users === undefined) throw new Error('a registry with passwords has users')
  closed = { ...withPasswords, users: withPasswords.users }
  const secret = (name: string, registry: Registry, user: 'push' | 'pull' | 'delete', host = registry.pushHost) =>
    dockerConfigSecret(cluster, suite.namespace, name, { [host]: (registry.users ?? closed.users)[user] })
  ;[crane] = await Promise.all([
    CranePod.start(cluster, at, {
      identities: { closed: { [closed.pushHost]: closed.users.push }, token: { [token.pushHost]: token.users.admin } },
      authorities: [authority.certificate]
    }),
    create(cluster, [
      secretOf(suite.namespace, 'authority', { 'ca.crt': authority.certificate }),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'builder', namespace: suite.namespace } }
    ]),
    secret('closed-push', closed, 'push'),
    secret('closed-pull', closed, 'pull', closed.pullHost),
    secret('token-push', token, 'push'),
    secret('token-delete', token, 'delete'),
    secret('token-pull', token, 'pull'),
    dockerConfigSecret(cluster, suite.namespace, 'bases', {
      [closed.pushHost]: closed.users.pull,
      [token.pushHost]: token.users.pull
    })
  ])
  startJobs()
}, 400_000)

afterAll(() => made.remove(), 400_000)

const lanes = new Lanes<Done>()

function startJobs(): void {
  const firsts = {
    'a NodePort registry': () => run(first, { destinations: [nodePort(open)] }),
    'a NodePort registry with passwords': () => run(first, { destinations: [closedDestination()] }),
    'a remote registry with tokens': () => run(first, { destinations: [tokenDestination()] }),
    'two destinations': twoDestinations,
    'REMOTE_REGISTRY variables': remoteVariables,
    'no credentials for a base': () =>
      run(first, {
        destinations: [nodePort(open)],
        settings: { build: insecure(closed) },
        files: action('hello', `FROM ${closed.pushHost}/bases/passwords:1\n`)
      }),
    'credentials of the job': privateJob,
    'a wrong $build': async () =>
      run(first, {
        destinations: [nodePort(open)],
        variables: await templateOf({ name: '$build', nodeSelektor: {}, resources: 7 })
      }),
    'a limit': () =>
      run(first, {
        destinations: [nodePort(open)],
        settings: { build: { maxPerJob: 1 } },
        files: { ...HELLO, ...action('other', 'FROM busybox:1.36\nENTRYPOINT ["echo", "other"]\n') },
        steps: [use('hello'), use('hello'), use('other', { 'continue-on-error': true })].map((step, index) =>
          index === 1 ? { ...step, name: 'hello again' } : step
        )
      })
  }
  const novolumes = {
    'a remote registry with tokens, novolume': () => run(novolume, { destinations: [tokenDestination()] }),
    'a NodePort registry, novolume': () => run(novolume, { destinations: [nodePort(open)] }),
    'a remote registry without credentials': async () =>
      run(novolume, { destinations: [remote((await front()).pushHost, {})] }),
    'LOCAL_REGISTRY variables': () => run(novolume, { variables: localVariables() }),
    'a partial push': async () => {
      const refusing = await proxy()
      await refusing.setFaults([{ method: 'PUT', path: '/manifests/', times: 'always', with: { answer: 403 } }])
      try {
        return await run(novolume, {
          destinations: [nodePort(open), nodePort(refusing, { repository: 'copies/actions' })]
        })
      } finally {
        await refusing.setFaults([])
      }
    },
    ...Object.fromEntries(
      RULES.map(([rules]) => [
        rules,
        async () => {
          const registry = await proxy()
          await registry.setDeleteRules(rules)
          return run(novolume, { destinations: [nodePort(registry, { repository: `rules/${rules}` })] })
        }
      ])
    ),
    'no right to delete': () => run(novolume, { destinations: [tokenDestination('token-push')] })
  }
  for (const jobs of [firsts, novolumes]) lanes.start(choice.jobs<() => Promise<Done>>(jobs))
}

describe('an image is built, pulled, run and removed through', () => {
  test.each(
    choice.rows([
      ['a NodePort registry', () => open, 'kaniko-hooks/actions'],
      ['a NodePort registry, novolume', () => open, 'kaniko-hooks/actions'],
      ['a NodePort registry with passwords', () => closed, 'kaniko-hooks/actions'],
      ['a remote registry with tokens', () => token, 'builds/actions'],
      ['a remote registry with tokens, novolume', () => token, 'builds/actions'],
      ['a remote registry without credentials', front, 'builds/actions'],
      ['LOCAL_REGISTRY variables', () => open, 'kaniko-hooks/actions'],
      ['REMOTE_REGISTRY variables', () => token, 'builds/octo/kaniko-hooks-actions']
    ])
  )(
    '%s',
    async (name, registryOf, repository) => {
      const [done, registry] = [await lanes.result(name), await registryOf()]
      expectGreen(done)
      expect(pushedBy(done.result, repository)).toHaveLength(1)
      const path = `/v2/${repository}/manifests`
      expect(await asked(registry, done, repository)).toEqual(
        expect.arrayContaining([`PUT ${path}/<tag>`, `GET ${path}/<digest>`, `DELETE ${path}/<digest>`])
      )
      expect(await registry.images()).not.toContain(pushedBy(done.result, repository)[0])
      expect(stopOf(done)).toEqual([])
    },
    180_000
  )

  test('two destinations: run from the first, copied to the second, removed from both', async () => {
    const done = await lanes.result('two destinations')
    expectGreen(done, FROM_BASES)
    expect(done.result.log).toContain(`Pushed ${closed.pushHost}/kaniko-hooks/actions:`)
    expect(done.result.log).toContain(`Pushed ${open.pushHost}/kaniko-hooks/actions:`)
    const path = '/v2/kaniko-hooks/actions/manifests'
    const [fromFirst, fromSecond] = await Promise.all([
      asked(closed, done, 'kaniko-hooks/actions'),
      asked(open, done, 'kaniko-hooks/actions')
    ])
    expect(fromFirst).toEqual(expect.arrayContaining([`PUT ${path}/<tag>`, `GET ${path}/<digest>`]))
    expect(fromFirst).toContain(`DELETE ${path}/<digest>`)
    expect(fromSecond).toEqual(expect.arrayContaining([`PUT ${path}/<tag>`, `DELETE ${path}/<digest>`]))
    expect(fromSecond).not.toContain(`GET ${path}/<digest>`)
    const [pushed] = pushedBy(done.result)
    expect(await closed.images()).not.toContain(pushed)
    expect(await open.images()).not.toContain(pushed)
  }, 400_000)

  if (choice.has('a partial push')) {
    test('two destinations of which the second refuses: the error tells both, and the first one is cleaned', async () => {
      const done = await lanes.result('a partial push')
      const [error = 'none'] = errorsIn(done)
      const [image = 'none'] = pushedBy(done.result)
      const tag = image.split(':')[1] ?? ''
      expect(error).toContain(`${(await proxy()).pushHost}/copies/actions:${tag} could not be pushed`)
      expect(error).toMatch(/403|DENIED/)
      expect(error).toContain(`It was pushed to ${open.pushHost}/${image}.`)
      expect(done.result.log).not.toContain('hello from the image, built')
      expect(await asked(open, done, 'kaniko-hooks/actions')).toContain('PUT /v2/kaniko-hooks/actions/manifests/<tag>')
      expect((await open.images()).filter(name => name.endsWith(tag))).toEqual([])
      expect(done.left).toEqual([])
    }, 400_000)
  }
})

/** The one container that may know a push credential, and what the others know. */
describe('who has the credentials', () => {
  test.each(choice.rows(['a NodePort registry with passwords', 'a remote registry with tokens', 'two destinations']))(
    '%s: the push container alone',
    async name => {
      const pod = buildPod(await lanes.result(name))
      expect(pod.initContainers?.map(container => container.name)).toEqual(['context', 'kaniko'])
      expect(pod.containers.map(container => container.name)).toEqual(
        name === 'two destinations' ? ['push', 'push-2'] : ['push']
      )
      const secrets = (pod.volumes ?? []).flatMap(({ name: volume, secret }) =>
        secret?.secretName?.startsWith('closed-') === true || secret?.secretName?.startsWith('token-') === true
          ? [volume]
          : []
      )
      expect(secrets).toHaveLength(1)
      const mounting = [...(pod.initContainers ?? []), ...pod.containers].filter(({ volumeMounts }) =>
        volumeMounts?.some(mount => secrets.includes(mount.name))
      )
      expect(mounting.map(container => container.name)).toEqual(['push'])
      expect(mounting[0]?.securityContext?.capabilities).toEqual({ drop: ['ALL'] })
      for (const { password } of [...Object.values(closed.users), ...Object.values(token.users)]) {
        expect(pod.text).not.toContain(password)
      }
    },
    120_000
  )

  const WITHOUT_PASSWORDS = choice.rows(['a NodePort registry', 'a remote registry without credentials', 'harbor'])

  if (WITHOUT_PASSWORDS.length > 0) {
    test.each(WITHOUT_PASSWORDS)(
      '%s: nobody, so Kaniko pushes itself',
      async name => {
        const pod = buildPod(await lanes.result(name))
        expect(pod.containers.map(container => container.name)).toEqual(['kaniko'])
        expect(pod.text).not.toMatch(/DOCKER_CONFIG|credentials/)
      },
      120_000
    )
  }
})

const RULES = [
  ['harbor', undefined],
  ['docker-hub', /did not delete the image: .*(403|DENIED)/],
  ['ghcr', /does not delete images: .*; \S+/],
  ['ecr', undefined]
] as const

if (choice.has('harbor')) {
  describe('a registry that deletes as', () => {
    test.each(choice.rows(RULES))(
      '%s does',
      async (rules, warning) => {
        const done = await lanes.result(rules)
        expectGreen(done)
        const [image = 'none'] = pushedBy(done.result, `rules/${rules}`)
        const isLeft = (await (await proxy()).images()).includes(image)
        if (warning === undefined) expect({ isLeft, stop: stopOf(done) }).toEqual({ isLeft: false, stop: [] })
        else {
          expect(isLeft).toBe(true)
          expect(stopOf(done)).toEqual([expect.stringMatching(warning)])
          expect(stopOf(done)[0]).toMatch(/^##\[warning\]/)
          expect(stopOf(done)[0]).toContain(image)
        }
      },
      180_000
    )

    if (choice.has('no right to delete')) {
      test('a user without the right to: one warning, and a green job', async () => {
        const done = await lanes.result('no right to delete')
        expectGreen(done)
        expect(stopOf(done)).toEqual([expect.stringMatching(/^##\[warning\].*(401|403|UNAUTHORIZED|DENIED)/)])
        expect(stopOf(done)[0]).toContain(token.pushHost)
      }, 400_000)
    }
  })
}

describe('base images', () => {
  test('from registries with passwords, with tokens and a private certificate, and from a mapped one', async () => {
    const done = await lanes.result('two destinations')
    expectGreen(done, FROM_BASES)
    const pod = buildPod(done)
    const withSecret = [...(pod.initContainers ?? []), ...pod.containers].filter(({ volumeMounts }) =>
      volumeMounts?.some(({ name }) => name === 'credentials')
    )
    expect(withSecret.map(({ name }) => name)).toEqual(['kaniko'])
    expect((await open.requests()).map(({ path }) => path)).toContain('/v2/mirror/quay.io/octo/mapped/manifests/1')
  }, 400_000)

  if (choice.has('no credentials for a base')) {
    test('a private one without credentials: the error names it', async () => {
      const done = await lanes.result('no credentials for a base')
      expect(errorsIn(done)[0]).toContain(`${closed.pushHost}/bases/passwords:1 (Dockerfile line 1) cannot be fetched`)
      expect(errorsIn(done)[0]).toMatch(/401|UNAUTHORIZED/)
      expect(done.left).toEqual([])
    }, 400_000)
  }
})

/** What the image prints that was built from private base images. */
const FROM_BASES = ['passwords', 'tokens', 'mapped']

/** From private base images, with an entry for build pods. */
async function twoDestinations(): Promise<Done> {
  await Promise.all([
    place('closed', `${closed.pushHost}/bases/passwords:1`),
    place('token', `${token.pushHost}/bases/tokens:1`),
    place('nobody', `${open.pushHost}/mirror/quay.io/octo/mapped:1`)
  ])
  return run(first, {
    destinations: [closedDestination(), nodePort(open)],
    variables: await templateOf(BUILD_ENTRY),
    settings: {
      build: {
        ...insecure(closed, open),
        credentials: 'bases',
        certificates: [{ registry: token.pushHost, secret: 'authority', key: 'ca.crt' }],
        registryMaps: { 'quay.io': [`${open.pushHost}/mirror/quay.io`] }
      }
    },
    files: action(
      'hello',
      [
        `FROM ${token.pushHost}/bases/tokens:1 AS tokens`,
        'RUN echo tokens >/said',
        'FROM quay.io/octo/mapped:1 AS mapped',
        'RUN echo mapped >/said',
        `FROM ${closed.pushHost}/bases/passwords:1`,
        'COPY --from=tokens /said /tokens',
        'COPY --from=mapped /said /mapped',
        `RUN echo passwords >/passwords && ${MISLEAD}`,
        'ENTRYPOINT ["cat", "/passwords", "/tokens", "/mapped"]'
      ].join('\n')
    )
  })
}

const BUILD_ENTRY = {
  name: '$build',
  resources: { requests: { cpu: '11m' }, limits: { memory: '1500Mi' } },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'builds', operator: 'Exists' }],
  annotations: { 'example.com/team': 'builders' },
  serviceAccountName: 'builder'
}

/** Writes a hook template with an entry, and gives the variable that names it. */
async function templateOf(entry: object): Promise<Record<string, string>> {
  const path = '/tmp/template.yaml'
  await (await first()).write(path, JSON.stringify({ spec: { containers: [entry] } }))
  return { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: path }
}

describe("the hook template's $build", () => {
  test('is what build pods get, and no other pod', async () => {
    const done = await lanes.result('two destinations')
    const pods = done.seen.filter(({ kind }) => kind === 'Pod') as SeenPod[]
    expect(pods.filter(({ metadata }) => metadata?.annotations?.['example.com/team'] === 'builders')).toEqual(
      buildPods(done)
    )
    const { resources, tolerations, nodeSelector, serviceAccountName } = BUILD_ENTRY
    const pod = buildPod(done)
    expect(pod).toMatchObject({ serviceAccountName, nodeSelector, automountServiceAccountToken: false })
    expect(pod.tolerations).toEqual(expect.arrayContaining(tolerations))
    const containers = [...(pod.initContainers ?? []), ...pod.containers]
    // The API server gives a request to what has only a limit.
    for (const container of containers) expect(container.resources).toMatchObject(resources)
  }, 400_000)

  if (choice.has('a wrong $build')) {
    test('is refused with every key that is wrong, before a pod starts', async () => {
      const done = await lanes.result('a wrong $build')
      const [error] = errorsIn(done, 'Initialize containers')
      expect(error).toMatch(/The hook template .*\(\$build\)\.nodeSelektor is not known there/)
      expect(error).toMatch(/resources has to be a mapping/)
      expect(error).toMatch(/known are .*nodeSelector/)
      expect(buildPods(done)).toEqual([])
    }, 400_000)
  }
})

async function privateJob(): Promise<Done> {
  const sleeps = ['--entrypoint', 'sleep', '--cmd', '1000']
  await Promise.all([
    place('closed', `${closed.pushHost}/jobs/job:1`),
    place('token', `${token.pushHost}/jobs/service:1`, sleeps)
  ])
  const [job, service] = [closed.users.pull, token.users.pull]
  return run(first, {
    destinations: [nodePort(open)],
    container: { image: `${closed.pullHost}/jobs/job:1`, credentials: job },
    services: { private: { image: `${token.pullHost}/jobs/service:1`, credentials: service } },
    steps: [
      {
        name: 'talk',
        run: [job, service]
          .flatMap(({ username, password }) => [password, basic(username, password)])
          .map((secret, index) => `echo '${index}: ${secret}.'`)
          .join('\n')
      }
    ]
  })
}

const basic = (username: string, password: string): string => Buffer.from(`${username}:${password}`).toString('base64')

if (choice.has('credentials of the job')) {
  test("a job's and a service's own credentials: pulled by them, and masked in every form", async () => {
    const done = await lanes.result('credentials of the job')
    expect(done.result.conclusion).toBe('success')
    expect(outputIn(done, 'talk')).toEqual(['0: ***.', '1: ***.', '2: ***.', '3: ***.'])
    const pods = done.seen.filter(({ metadata }) => metadata?.name?.endsWith('-workflow')) as SeenPod[]
    expect(pods[0]?.spec?.containers.map(({ image }) => image)).toEqual([
      `${closed.pullHost}/jobs/job:1`,
      `${token.pullHost}/jobs/service:1`
    ])
    for (const { username, password } of [closed.users.pull, token.users.pull]) {
      for (const secret of [password, basic(username, password)]) expect(done.result.log).not.toContain(secret)
    }
    expect(done.left).toEqual([])
  }, 400_000)
}

if (choice.has('a limit')) {
  test('a job that builds more than it may', async () => {
    const done = await lanes.result('a limit')
    expect(outputIn(done, 'hello again')).toContain('hello from the image, built')
    expect(errorsIn(done, 'other')[0]).toMatch(
      /This job has built 1 images already, and the setting build\.maxPerJob is 1/
    )
    expect(buildPods(done)).toHaveLength(1)
    expect(done.left).toEqual([])
  }, 400_000)
}

function localVariables(): Record<string, string> {
  const [host = '', port = ''] = open.pushHost.split(':')
  return {
    // Empty is unset: the runner pod has them.
    [`${HOOKS}_REGISTRY_HOST`]: '',
    [`${HOOKS}_REGISTRY_PORT`]: '',
    [`${HOOKS}_REGISTRY_NODE_PORT`]: '',
    [`${HOOKS}_LOCAL_REGISTRY_HOST`]: host,
    [`${HOOKS}_LOCAL_REGISTRY_PORT`]: port,
    [`${HOOKS}_LOCAL_REGISTRY_NODE_PORT`]: open.pullHost.split(':')[1] ?? ''
  }
}

/** The variables name no authority: the runner's node gets it as every node process does, the build pod by a setting. */
async function remoteVariables(): Promise<Done> {
  const ca = '/tmp/authority.crt'
  await (await first()).write(ca, token.ca ?? '')
  return run(first, {
    settings: { build: { certificates: [{ registry: token.pushHost, secret: 'authority' }] } },
    variables: {
      [`${HOOKS}_REGISTRY_HOST`]: '',
      [`${HOOKS}_REGISTRY_PORT`]: '',
      [`${HOOKS}_REGISTRY_NODE_PORT`]: '',
      [`${HOOKS}_REMOTE_REGISTRY_HOST`]: token.pushHost,
      [`${HOOKS}_REMOTE_REGISTRY_HANDLE`]: 'builds/octo',
      [`${HOOKS}_REMOTE_REGISTRY_SECRET_NAME`]: 'token-delete',
      NODE_EXTRA_CA_CERTS: ca
    }
  })
}
