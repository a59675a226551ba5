import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Fault, FaultCount } from '../stand-ins/registries/faults.js'
import {
  dockerConfigSecret,
  nodePortRegistry,
  proxiedRegistry,
  type ProxiedRegistry
} from '../stand-ins/registries/index.js'
import { Choice } from '../harness/choice.js'
import { action, use } from '../harness/dockerfile-action.js'
import { outputOf, runJob, stepOf } from '../harness/job.js'
import { apply } from '../harness/kubectl.js'
import { observe } from '../harness/observe.js'
import { once } from '../harness/once.js'
import { RUNNER, type RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { workflowOf } from '../harness/workflow.js'
import { Lanes } from './lanes.js'

const TIMEOUT = 300_000
/** When a person has to know what is wrong. */
const LIMIT_MS = 60_000
/** A push that is tried again and again has ten minutes; a busy machine may build for one. */
const SOON_MS = 120_000

const suite = new Suite('registry-faults')
const servers = new Suite('faulty-registries', 'restricted')
const lanes = new Lanes<Outcome>()
/** The long run has more that goes wrong in the same places, and what unit tests show as well. */
const choice = new Choice(['early-403', 'late-403', 'failing', 'cut-always', 'down', 'malformed'])

/** What became of one job that builds an image. */
interface Outcome {
  readonly exitCode: number | null
  readonly ms: number
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** What the registry has of it afterwards. */
  readonly images: readonly string[]
  /** What is left of it in the namespace. */
  readonly left: readonly string[]
  /** What went wrong, and how often. */
  readonly faults: readonly FaultCount[]
  /** The pods that the hook made. */
  readonly pods: readonly string[]
}

/** With users a container of its own pushes, else Kaniko itself does. */
type Kind = 'closed' | 'open'

interface Scenario {
  readonly kind: Kind
  /** `at` is the path below the repository. */
  readonly faults: readonly (Omit<Fault, 'path'> & { readonly at: string })[]
  /** A duration. */
  readonly pushTimeout?: string
}

/** Where an upload begins: the hook asks there before it builds. */
const BEGIN = { at: '/blobs/uploads/$', method: 'POST' } as const
const UPLOAD = { at: '/blobs/uploads/.', method: 'PATCH' } as const
const PUSH = { at: '/manifests/', method: 'PUT' } as const
const DELETE = { at: '/manifests/', method: 'DELETE' } as const

const refuses = (answer: number): Pick<Fault, 'times' | 'with'> => ({ times: 'always', with: { answer } })
const isBusy = (times: number) => ({ times, with: { answer: 429, retryAfter: 10 } })
const fails = (times: number) => ({ times, with: { answer: 500 } })
const breaks = (times: Fault['times']) => ({ times, with: { cut: 100 } })
const HANGS = { times: 'always', with: { hang: true } } as const

/** Each is one job and, in the registry, one repository. */
const SCENARIOS = choice.jobs<Scenario>({
  'early-401': { kind: 'closed', faults: [{ at: '/', ...refuses(401) }] },
  'early-403': { kind: 'closed', faults: [{ ...BEGIN, ...refuses(403) }] },
  'late-401': { kind: 'closed', faults: [{ ...PUSH, ...refuses(401) }] },
  'late-403': { kind: 'closed', faults: [{ ...PUSH, ...refuses(403) }] },
  'open-late-403': { kind: 'open', faults: [{ ...PUSH, ...refuses(403) }] },
  'open-hanging': { kind: 'open', faults: [{ ...UPLOAD, ...HANGS }], pushTimeout: '10s' },
  busy: {
    kind: 'closed',
    faults: [
      { ...BEGIN, ...isBusy(1) },
      { ...PUSH, ...isBusy(1) }
    ]
  },
  hanging: { kind: 'closed', faults: [{ ...UPLOAD, ...HANGS }], pushTimeout: '20s' },
  'open-busy': { kind: 'open', faults: [{ ...PUSH, ...isBusy(4) }] },
  failing: {
    kind: 'closed',
    faults: [
      { ...BEGIN, ...fails(3) },
      { ...PUSH, ...fails(3) },
      { ...DELETE, ...fails(3) }
    ]
  },
  'cut-once': { kind: 'closed', faults: [{ ...UPLOAD, ...breaks(1) }] },
  'cut-always': { kind: 'closed', faults: [{ ...UPLOAD, ...breaks('always') }], pushTimeout: '10s' },
  'open-cut-always': { kind: 'open', faults: [{ ...UPLOAD, ...breaks('always') }] },
  undeletable: { kind: 'closed', faults: [{ ...DELETE, ...refuses(405) }] }
})

/** They spend their time waiting, so they are no load while other jobs run. */
const WAITING: readonly string[] = ['hanging', 'busy', 'open-hanging']

const BASE64 = (text: string): string => Buffer.from(text).toString('base64')
const HIDDEN = 'canary-in-a-wrong-secret'

/** What is wrong with a push Secret, and what is said of it. */
const WRONG = choice.jobs<{ readonly content?: string; readonly key?: string; readonly says: RegExp }>({
  missing: { says: /The Secret missing in namespace \S+, which the settings name, does not exist/ },
  keyless: { key: 'config.json', content: '{}', says: /The Secret keyless .* has no key \.dockerconfigjson/ },
  elsewhere: {
    content: `{"auths":{"ghcr.io":{"auth":"${BASE64(`user:${HIDDEN}`)}"}}}`,
    says: /The Secret elsewhere .* has no entry for closed-proxy\.\S+:5000 \(it has: ghcr\.io\)/
  },
  malformed: { content: `no JSON, ${HIDDEN}`, says: /The Secret malformed .* cannot be used: / },
  undecodable: {
    content: `{"auths":{"ghcr.io":{"auth":"${HIDDEN}"}}}`,
    says: /The Secret undecodable .* cannot be used: .*ghcr\.io/
  }
})

/** Before a registry with users; one of them goes down. */
let closed: ProxiedRegistry
let down: ProxiedRegistry
/** Before a registry without. */
const open = once(async () => {
  const { cluster, namespace } = servers
  const free = await nodePortRegistry(cluster, namespace, { name: 'free' })
  return proxied(free, 'open')
})
const waiting = once(runnerPod)
const working = once(runnerPod)
const removals: (() => Promise<void>)[] = []
/** What nobody may read anywhere. */
let secrets: readonly string[]

beforeAll(async () => {
  const { cluster, namespace } = servers
  const shut = await nodePortRegistry(cluster, namespace, { name: 'shut', auth: true })
  ;[closed, down] = await Promise.all([proxied(shut, 'closed'), proxied(shut, 'down')])
  await credentials(shut.users)
  const played = (runner: typeof waiting, names: readonly string[]): [string, () => Promise<Outcome>][] =>
    names.map(name => [name, async () => play(await runner(), name)])
  const others = Object.keys(SCENARIOS).filter(name => !WAITING.includes(name))
  const works = [...played(working, others), ...wrongSecrets(), ['down', goDown] as const]
  lanes.start(choice.jobs(Object.fromEntries(played(waiting, WAITING))))
  lanes.start(choice.jobs(Object.fromEntries(works)))
}, TIMEOUT)

afterAll(async () => {
  await Promise.all(removals.map(async remove => remove()))
})

/** A proxy with the faults of its scenarios before a registry. */
async function proxied(behind: Parameters<typeof proxiedRegistry>[2], kind: Kind | 'down'): Promise<ProxiedRegistry> {
  const { cluster, namespace } = servers
  const proxy = await proxiedRegistry(cluster, namespace, behind, { name: `${kind}-proxy` })
  removals.push(() => proxy.remove())
  const mine = Object.entries(SCENARIOS).filter(([, scenario]) => scenario.kind === kind)
  await proxy.setFaults(
    mine.flatMap(([name, { faults }]) => faults.map(({ at, ...fault }) => ({ path: `^/v2/${name}${at}`, ...fault })))
  )
  return proxy
}

async function credentials(users: ProxiedRegistry['users']): Promise<void> {
  if (users === undefined) throw new Error('the registry has no users')
  const { push, pull } = users
  secrets = [push, pull].flatMap(({ username, password }) => [password, BASE64(`${username}:${password}`)])
  const { cluster, namespace } = suite
  await dockerConfigSecret(cluster, namespace, 'push', { [closed.pushHost]: push, [down.pushHost]: push })
  await dockerConfigSecret(cluster, namespace, 'pull', { [closed.pullHost]: pull, [down.pullHost]: pull })
  for (const [name, { content, key = '.dockerconfigjson' }] of Object.entries(WRONG)) {
    if (content === undefined) continue
    const metadata = { name, namespace }
    await apply(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { [key]: content } })
  }
}

async function runnerPod(): Promise<RunnerPod> {
  // Without a job container the clean-up is part of the step, and a job takes half the time.
  return suite.runner({ mode: 'volume', env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' } })
}

/** A settings file's destination. */
function destination({ pushHost, pullHost }: ProxiedRegistry, repository: string, more: object = {}): object {
  const [host = '', port] = pushHost.split(':')
  const nodePort = Number(pullHost.split(':')[1])
  return { nodePort: { host, port: Number(port), nodePort, repository, ...more } }
}

const BOTH_SECRETS = { pushSecret: 'push', pullSecret: 'pull' }

async function play(runner: RunnerPod, name: string): Promise<Outcome> {
  const { kind, pushTimeout } = SCENARIOS[name] ?? { kind: 'open' }
  const proxy = kind === 'closed' ? closed : await open()
  const outcome = await build(runner, name, {
    destinations: [destination(proxy, name, kind === 'closed' ? BOTH_SECRETS : {})],
    build: pushTimeout === undefined ? {} : { pushTimeout }
  })
  const faults = (await proxy.faults()).filter(({ path }) => path?.startsWith(`^/v2/${name}/`) === true)
  const images = imagesOf(name, await proxy.images())
  return { ...outcome, images, faults }
}

const imagesOf = (name: string, images: readonly string[]): string[] =>
  images.filter(image => image.startsWith(`${name}:`))

function wrongSecrets(): (readonly [string, () => Promise<Outcome>])[] {
  const wrong = Object.keys(WRONG).map(name => {
    const destinations = [destination(closed, name, { ...BOTH_SECRETS, pushSecret: name })]
    return [name, async () => build(await working(), name, { destinations })] as const
  })
  const pull = [destination(closed, 'pull', { pushSecret: 'push', pullSecret: 'elsewhere' })]
  return [...wrong, ['pull', async () => build(await working(), 'pull', { destinations: pull })]]
}

/** The registry goes down after the image was pulled, and before it is removed. */
async function goDown(): Promise<Outcome> {
  const runner = await working()
  const goOn = `${RUNNER.work}/demo/demo/go-on`
  let isDown: Promise<unknown> | undefined
  return build(
    runner,
    'down',
    { destinations: [destination(down, 'down', BOTH_SECRETS)] },
    {
      entry: 'cat /content; until [ -e /github/workspace/go-on ]; do sleep 0.2; done',
      onLog: line => {
        if (!line.includes('content of down')) return
        isDown ??= down.remove().then(async () => runner.exec(['touch', goOn]))
      }
    }
  )
}

/** Runs a Dockerfile action with these settings. */
async function build(
  runner: RunnerPod,
  name: string,
  settings: object,
  { entry = 'cat /content', onLog }: { readonly entry?: string; readonly onLog?: (line: string) => void } = {}
): Promise<Outcome> {
  const dockerfile = `FROM busybox:1.36\nCOPY content /content\nENTRYPOINT ["sh", "-c", "${entry}"]\n`
  const file = await runner.writeSettings(settings)
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({ steps: [use('it', { 'continue-on-error': true })] }),
      files: action('it', dockerfile, { content: `content of ${name}\n` }),
      env: { KANIKO_HOOKS_CONFIG: file },
      ...(onLog === undefined ? {} : { onLog })
    })
  )
  const step = stepOf(result, 'it')
  const output = outputOf(step)
  const said = (word: string): string[] =>
    output.flatMap(line => (line.startsWith(`##[${word}]`) ? [line.slice(word.length + 4)] : []))
  return {
    exitCode: step.exitCode,
    ms: step.ms,
    output,
    errors: said('error').filter(line => !/^(Process completed with|Executing the custom container)/.test(line)),
    warnings: said('warning'),
    images: imagesOf(name, await closed.images()),
    left: await suite.left(runner),
    faults: [],
    pods: seen.flatMap(({ kind, metadata }) => {
      const pod = kind === 'Pod' ? (metadata?.name ?? '') : ''
      return pod.startsWith(`${runner.name}-`) ? [pod] : []
    })
  }
}

/** Nothing that a job made is there any more, and it met what it was to meet. */
function expectNothingLeft({ images, left, faults }: Outcome): void {
  expect(images).toEqual([])
  expect(left).toEqual([])
  for (const { path, times, met } of faults)
    expect([path, met]).toEqual([path, times === 'always' ? expect.any(Number) : times])
  expect(faults.map(({ met }) => met)).not.toContain(0)
}

describe('a registry that refuses', () => {
  test.each(
    choice.rows([
      ['early-401', /answered 401 UNAUTHORIZED: the test's proxy says UNAUTHORIZED/],
      ['early-403', /answered 403 DENIED: the test's proxy says DENIED/]
    ])
  )(
    '%s: heard before a pod starts, with registry, Secret and its words',
    async (name, words) => {
      const outcome = await lanes.result(name)
      expect(outcome.errors).toHaveLength(1)
      expect(outcome.errors[0]).toMatch(words)
      expect(outcome.errors[0]).toContain(closed.pushHost)
      expect(outcome.errors[0]).toContain('robot$builds+push')
      expect(outcome.errors[0]).toContain('from the Secret push')
      expect(outcome.ms).toBeLessThan(LIMIT_MS)
      expect(outcome.pods).toEqual([])
      expectNothingLeft(outcome)
    },
    TIMEOUT
  )

  test.each(
    choice.rows([
      ['late-401', /UNAUTHORIZED: the test's proxy says UNAUTHORIZED; its credential is from the Secret push/],
      ['late-403', /DENIED: the test's proxy says DENIED; its credential is from the Secret push/],
      ['open-late-403', /DENIED: the test's proxy says DENIED/]
    ])
  )(
    '%s: after the build the same is told, soon after',
    async (name, words) => {
      const outcome = await lanes.result(name)
      expect(outcome.errors).toHaveLength(1)
      expect(outcome.errors[0]).toMatch(words)
      expect(outcome.errors[0]).toMatch(
        new RegExp(
          `^Runner configuration: \\S+/${name}:\\S+ could not be pushed; the registry \\S+-proxy\\.\\S+:5000 said`
        )
      )
      expect(outcome.ms).toBeLessThan(SOON_MS)
      expect(outcome.pods).toHaveLength(1)
      expectNothingLeft(outcome)
    },
    TIMEOUT
  )
})

describe('what passes', () => {
  test.each(choice.rows(['busy', 'open-busy', 'failing', 'cut-once']))(
    '%s: the job is green',
    async name => {
      const outcome = await lanes.result(name)
      expect(outcome.errors).toEqual([])
      expect(outcome.warnings).toEqual([])
      expect(outcome.output).toContain(`content of ${name}`)
      expect(outcome.exitCode).toBe(0)
      expectNothingLeft(outcome)
    },
    TIMEOUT
  )
})

describe('what does not pass', () => {
  test.each(
    choice.rows([
      ['hanging', /did not take it within 20 s/],
      ['open-hanging', /did not take the image within 10 s/],
      ['cut-always', /did not take it within 10 s/],
      ['open-cut-always', /EOF|reset by peer|closed network connection|broken pipe/]
    ])
  )(
    '%s: an error soon after the build, and nothing is left',
    async (name, words) => {
      const outcome = await lanes.result(name)
      expect(outcome.errors).toHaveLength(1)
      expect(outcome.errors[0]).toMatch(words)
      expect(outcome.errors[0]).toContain('-proxy.')
      expect(outcome.ms).toBeLessThan(SOON_MS)
      expectNothingLeft(outcome)
    },
    TIMEOUT
  )
})

describe('clean-up costs a warning, not the job', () => {
  if (choice.has('undeletable')) {
    test(
      'when the registry does not delete: the image stays, and the record goes',
      async () => {
        const outcome = await lanes.result('undeletable')
        expect(outcome.exitCode).toBe(0)
        expect(outcome.errors).toEqual([])
        expect(outcome.warnings).toEqual([expect.stringMatching(/undeletable:\S+ stays: .* does not delete images/)])
        expect(outcome.warnings[0]).toContain('REGISTRY_STORAGE_DELETE_ENABLED=true')
        expect(outcome.images).toHaveLength(1)
        expect(outcome.left).toEqual([])
      },
      TIMEOUT
    )
  }

  test(
    'when the registry is down: the record stays, so that a later job tries again',
    async () => {
      const outcome = await lanes.result('down')
      expect(outcome.exitCode).toBe(0)
      expect(outcome.errors).toEqual([])
      expect(outcome.output).toContain('content of down')
      expect(outcome.warnings).toEqual([expect.stringMatching(/down:\S+ stays: .*down-proxy\..* cannot be reached/)])
      expect(outcome.ms).toBeLessThan(SOON_MS)
      expect(outcome.left).toEqual([expect.stringMatching(/^secret\//)])
    },
    TIMEOUT
  )
})

describe('a wrong Secret is told in one sentence before a pod starts', () => {
  test.each(Object.entries(WRONG))(
    '%s',
    async (name, { says }) => {
      const outcome = await lanes.result(name)
      expect(outcome.errors).toEqual([expect.stringMatching(says)])
      expect(outcome.errors[0]).toMatch(/^Runner configuration: /)
      expect(outcome.output.join('\n')).not.toContain(HIDDEN)
      expect(outcome.pods).toEqual([])
      expect(outcome.left).toEqual([])
    },
    TIMEOUT
  )

  if (choice.has('pull')) {
    test(
      'a pull Secret without an entry for the name by which the kubelet pulls',
      async () => {
        const outcome = await lanes.result('pull')
        expect(outcome.errors).toEqual([
          expect.stringMatching(/The Secret elsewhere .* has no entry for localhost:\d+ \(it has: ghcr\.io\)/)
        ])
        expect(outcome.pods).toEqual([])
      },
      TIMEOUT
    )
  }
})

test(
  'no password was printed, to users or to operators',
  async () => {
    const names = [...Object.keys(SCENARIOS), ...Object.keys(WRONG), 'down']
    const outputs = await Promise.all(names.map(async name => (await lanes.result(name)).output.join('\n')))
    const runners = choice.has(...WAITING) ? [waiting, working] : [working]
    const logs = await Promise.all(runners.map(async runner => (await runner()).podLog()))
    expect(outputs.join('\n')).toContain('robot$builds+push')
    for (const text of [...outputs, ...logs]) for (const secret of secrets) expect(text).not.toContain(secret)
  },
  TIMEOUT
)
