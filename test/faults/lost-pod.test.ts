import { beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallOptions, type CallResult } from '../harness/hook-calls.js'
import { kubectl } from '../harness/kubectl.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { Lanes } from './lanes.js'
import { stepPods } from './owned.js'
import { Sight } from './sight.js'
import { resources, withTemplate } from './template.js'

const TIMEOUT = 300_000
/** A step that is not told of the harm goes on for ten minutes, and an outage is waited for five. */
const STEP_SECONDS = 600
const SOON_MS = 120_000
/** A step that looks successful to whoever ends it. */
const TRAPS = "trap 'echo ended by a signal; exit 0' TERM INT; echo ready; while :; do sleep 0.2; done"
/** A step that needs more and more memory. */
const GREEDY = 'echo ready; x=0123456789abcdef; while :; do x=$x$x; done'

const MODES = variants<Mode>(['novolume'], ['volume'])
const BARE = variants([], ['a bare pod is deleted'])
const KILLED = variants<'the supervisor is killed' | 'everything of the hook is killed'>(
  ['the supervisor is killed'],
  ['everything of the hook is killed']
)

const suite = new Suite('lost-pod')
const lanes = new Lanes<Lost>()

interface Lost {
  readonly call: CallResult
  /** How long the hook ran after the harm was done. */
  readonly msAfterHarm: number
}

interface Runner {
  readonly runner: RunnerPod
  readonly calls: HookCalls
}

async function runnerOf(mode: Mode): Promise<Runner> {
  const runner = await suite.runner({ mode })
  return { runner, calls: new HookCalls(runner) }
}

/** Does harm once a call has printed `ready`. */
async function harmed(
  start: (options: CallOptions) => Promise<CallResult>,
  harm: () => Promise<unknown>
): Promise<Lost> {
  const { look, seen } = new Sight('ready')
  const call = start({ onOutput: look })
  await Promise.race([seen, call])
  const began = Date.now()
  await harm()
  const result = await call
  return { call: result, msAfterHarm: Date.now() - began }
}

async function alone(call: Promise<CallResult>): Promise<Lost> {
  return { call: await call, msAfterHarm: 0 }
}

/** Deletes pods as anybody with kubectl would, with a grace period that lets a trap run. */
async function deletePods({ runner }: Runner, names: readonly string[]): Promise<void> {
  if (names.length === 0) throw new Error('there is no pod to delete')
  await kubectl(suite.cluster, [
    ...['-n', runner.namespace, 'delete', 'pod', '--wait=false', '--grace-period=3'],
    ...names
  ])
}

const deleteStepPods = async (one: Runner): Promise<void> => deletePods(one, await stepPods(suite.cluster, one.runner))

beforeAll(async () => {
  const { busybox, debian } = suite.cluster.images
  const small = await runnerOf('volume')
  const tight = await withTemplate(small.runner, {
    ...resources({ limits: { memory: '64Mi' } }),
    volumes: [{ name: 'kaniko-hooks', emptyDir: { medium: 'Memory', sizeLimit: '2Mi' } }]
  })
  // The kubelet ends the job container, and nobody deletes its pod.
  const livenessProbe = {
    exec: { command: ['test', '!', '-e', '/tmp/ill'] },
    periodSeconds: 1,
    failureThreshold: 1,
    // By default a second, and an exec that takes longer is a failure.
    timeoutSeconds: 60
  }
  const watched = await withTemplate(small.runner, {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: '$job', livenessProbe }]
  })
  /** In the step's own directory: that of another step may be about to go. The step may begin before its helpers. */
  const kill = (file: string, seconds = STEP_SECONDS): string =>
    `echo ready; cd "$(dirname "$(grep -lsx $$ /__hook/*-*/pid)")"; until [ -s ${file} ]; do sleep 0.1; done; kill -9 $(cat ${file}); sleep ${seconds}; echo never`
  const killed = {
    'the supervisor is killed': kill('supervisor'),
    'everything of the hook is killed': `echo ready; kill -9 $(grep -l -s kaniko-hooks /proc/[0-9]*/cmdline | cut -d/ -f3); sleep ${STEP_SECONDS}`
  }
  const stepDeleted = (one: Runner) => () =>
    harmed(
      options => one.calls.container(busybox, TRAPS, options),
      () => deleteStepPods(one)
    )
  lanes.start({
    "a Job's pod is deleted": stepDeleted(small),
    'prepare a small job': () => alone(small.calls.prepare(debian, { env: tight })),
    ...Object.fromEntries(KILLED.map(name => [name, () => alone(small.calls.script(killed[name]))])),
    'the follower is killed': () => alone(small.calls.script(`${kill('follower', 1)}; exit 6`)),
    'the spool is full': () =>
      alone(small.calls.script('echo ready; head -c 20000000 /dev/zero | tr "\\\\0" x; echo never')),
    'a step after': () => alone(small.calls.script('echo fine')),
    'the job container runs out of memory': () => alone(small.calls.script(GREEDY)),
    'prepare a watched job': () => alone(small.calls.prepare(debian, { env: watched })),
    'the job container is ended': () =>
      alone(small.calls.script(`echo ready; touch /tmp/ill; sleep ${STEP_SECONDS}; echo never`)),
    'cleanup of the watched job': () => alone(small.calls.cleanup())
  })
  for (const mode of MODES) {
    const one = await runnerOf(mode)
    const little = await withTemplate(one.runner, resources({ limits: { memory: '32Mi' } }))
    lanes.start({
      [`${mode}: a step container runs out of memory`]: () =>
        alone(one.calls.container(busybox, GREEDY, { env: little })),
      [`${mode}: prepare`]: () => alone(one.calls.prepare(debian)),
      [`${mode}: the job pod is deleted`]: () =>
        harmed(
          options => one.calls.script(TRAPS, options),
          () => deletePods(one, [one.calls.jobPod])
        ),
      [`${mode}: a step after`]: () => alone(one.calls.script('echo never')),
      [`${mode}: cleanup`]: () => alone(one.calls.cleanup())
    })
  }
  for (const name of BARE) lanes.start({ [name]: stepDeleted(await runnerOf('novolume')) })
}, TIMEOUT)

describe('a container step whose pod is deleted, and which ends with 0 then', () => {
  test.each(["a Job's pod is deleted", ...BARE])(
    '%s: a failure that says so',
    async name => {
      const { call, msAfterHarm } = await lanes.result(name)
      expect(call.text).toContain('ready\n')
      expect(call.code).toBe(1)
      expect(errorOf(call)).toMatch(/deleted/)
      expect(msAfterHarm).toBeLessThan(SOON_MS)
    },
    TIMEOUT
  )
})

describe.each(MODES)('in %s mode', mode => {
  test(
    'the job pod is deleted in mid-step: a failure within seconds that says so',
    async () => {
      expect((await lanes.result(`${mode}: prepare`)).call).toMatchObject({ code: 0 })
      const { call, msAfterHarm } = await lanes.result(`${mode}: the job pod is deleted`)
      expect(call.text).toContain('ready\n')
      expect(call.code).toBe(1)
      expect(errorOf(call)).toMatch(/deleted/)
      expect(msAfterHarm).toBeLessThan(SOON_MS)
    },
    TIMEOUT
  )

  test(
    'a step after the job pod is gone: a failure that says so; clean-up succeeds',
    async () => {
      const { call } = await lanes.result(`${mode}: a step after`)
      expect(call.code).toBe(1)
      expect(call.lines).toHaveLength(1)
      expect(errorOf(call)).toMatch(/deleted|gone/)
      expect(call.ms).toBeLessThan(SOON_MS)
      expect((await lanes.result(`${mode}: cleanup`)).call).toMatchObject({ code: 0, text: '' })
    },
    TIMEOUT
  )

  test(
    'a step container that uses too much memory is named, with its limit',
    async () => {
      const { call } = await lanes.result(`${mode}: a step container runs out of memory`)
      expect(call.code).toBe(137)
      expect(errorOf(call)).toMatch(/OOMKilled, limit 32Mi/)
    },
    TIMEOUT
  )
})

test(
  'the kubelet ends the job container in mid-step: a failure within seconds that says so',
  async () => {
    expect((await lanes.result('prepare a watched job')).call).toMatchObject({ code: 0 })
    const { call } = await lanes.result('the job container is ended')
    expect(call.lines[0]).toBe('ready')
    expect(call.text).not.toContain('never')
    expect(call.code).toBe(1)
    expect(errorOf(call)).toMatch(/job container|container "job"/)
    expect(errorOf(call)).toMatch(/ended/)
    expect(call.ms).toBeLessThan(SOON_MS)
  },
  TIMEOUT
)

describe('in a job container whose helpers are killed', () => {
  test(
    'steps run afterwards',
    async () => {
      expect((await lanes.result('prepare a small job')).call).toMatchObject({ code: 0 })
      expect((await lanes.result('a step after')).call).toMatchObject({ code: 0, text: 'fine\n' })
    },
    TIMEOUT
  )

  test.each(KILLED)(
    '%s: a failure that says so, never 0',
    async name => {
      const { call } = await lanes.result(name)
      expect(call.lines[0]).toBe('ready')
      expect(call.text).not.toContain('never')
      expect(call.code).toBe(1)
      expect(errorOf(call)).toMatch(/killed/)
      expect(call.ms).toBeLessThan(SOON_MS)
    },
    TIMEOUT
  )

  test(
    'the follower is killed: the step is taken up again',
    async () => {
      const { call } = await lanes.result('the follower is killed')
      expect(call).toMatchObject({ code: 6, text: 'ready\nnever\n' })
    },
    TIMEOUT
  )

  test(
    'a spool without room: a failure that names it',
    async () => {
      const { call } = await lanes.result('the spool is full')
      expect(call.bytes).toBeLessThan(20_000_000)
      expect(call.code).toBe(1)
      expect(call.text).not.toContain('never')
      expect(errorOf(call)).toMatch(/full/)
    },
    TIMEOUT
  )

  test(
    'the job container runs out of memory: a failure that names it',
    async () => {
      const { call } = await lanes.result('the job container runs out of memory')
      // With cgroup v1 the kernel ends the step's process alone, with v2 the whole container.
      expect([1, 137]).toContain(call.code)
      expect(errorOf(call)).toMatch(/too much memory \(OOMKilled/)
    },
    TIMEOUT
  )
})

/** The error annotations of a call. */
function errorOf(call: CallResult): string {
  return call.lines.filter(line => line.startsWith('::error::')).join('\n')
}

test(
  'nothing is left',
  async () => {
    expect((await lanes.result('cleanup of the watched job')).call).toMatchObject({ code: 0 })
    for (const mode of MODES) await lanes.result(`${mode}: cleanup`)
    for (const name of BARE) await lanes.result(name)
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
