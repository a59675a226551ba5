import { beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallOptions, type CallResult } from '../support/hook-calls.js'
import { runJob, type JobResult } from '../support/job.js'
import type { Mode, RunnerPod } from '../support/runner-pod.js'
import { Suite } from '../support/suite.js'
import { workflowOf } from '../support/workflow.js'
import { Lanes } from './lanes.js'
import { leftAt, ownedBy } from './owned.js'
import { Sight } from './sight.js'
import { IMPOSSIBLE, withTemplate } from './template.js'

const TIMEOUT = 180_000
/** The runner sends SIGTERM 7.5 s after SIGINT; everything has to be over before. */
const LIMIT_MS = 7_000
/** A program that nothing else runs. */
const MARK = 'sleep 98765'

/** Script steps by what they do with SIGINT, and the exit code that shows it; undefined for any but 0. */
const SCRIPTS = {
  'leaves it alone': { script: `echo ready; ${MARK}`, code: 130 },
  'handles it': { script: `trap 'echo cleaned; kill $!; exit 5' INT; echo ready; ${MARK} & wait $!`, code: 5 },
  'ignores INT and TERM': { script: `trap '' INT TERM; echo ready; while :; do ${MARK}; done`, code: undefined },
  'leaves a child behind': { script: `trap '' INT; (${MARK}) & (${MARK}) & echo ready; wait`, code: undefined }
} as const

const CONTAINERS = {
  'leaves it alone': `echo ready; ${MARK}`,
  'ignores INT and TERM': `trap '' INT TERM; echo ready; while :; do ${MARK}; done`
} as const

interface Cancelled {
  readonly call: CallResult
  /** Pods, Jobs and Secrets 7 s after the signal that were not there before the call. */
  readonly left: readonly string[]
  /** What an `always()` step sees: the command lines in the job container. */
  readonly processes: readonly string[]
}

const suite = new Suite('cancel')
const lanes = new Lanes<Cancelled>()
let workflow: Promise<JobResult>

beforeAll(async () => {
  const [volume, novolume, waiting, whole] = await Promise.all([
    runnerOf('volume'),
    runnerOf('novolume'),
    runnerOf('volume'),
    suite.runner({ mode: 'volume' })
  ])
  lanes.start(stepsIn(volume))
  lanes.start(stepsIn(novolume))
  const { debian } = suite.cluster.images
  const template = await withTemplate(waiting.runner, IMPOSSIBLE)
  lanes.start({
    'no node takes the pod': () =>
      cancelled(waiting, 'waits:', options => waiting.calls.prepare(debian, { ...options, env: template })),
    'the image cannot be pulled': () =>
      cancelled(waiting, 'waits:', options => waiting.calls.prepare('registry.invalid/no/image:1', options)),
    'the image of a step cannot be pulled': () =>
      cancelled(waiting, 'waits:', options => waiting.calls.container('registry.invalid/no/image:1', 'true', options))
  })
  workflow = runJob(whole, {
    workflow: workflowOf({
      container: debian,
      steps: [
        { name: 'long', run: `trap '' INT TERM; while :; do ${MARK}; done` },
        { name: 'always', if: 'always()', run: 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; echo; echo looked' }
      ]
    }),
    cancelAt: 'long:2'
  })
  workflow.catch(() => undefined)
}, TIMEOUT)

interface Runner {
  readonly runner: RunnerPod
  readonly calls: HookCalls
}

async function runnerOf(mode: Mode): Promise<Runner> {
  const runner = await suite.runner({ mode })
  return { runner, calls: new HookCalls(runner) }
}

function stepsIn(one: Runner): Record<string, () => Promise<Cancelled>> {
  const { calls, runner } = one
  const { debian, busybox } = suite.cluster.images
  const name = (what: string, how: string): string => `${runner.mode}: a ${what} step that ${how}`
  return {
    [`${runner.mode} prepare`]: async () => ({ call: await calls.prepare(debian), left: [], processes: [] }),
    ...Object.fromEntries(
      Object.entries(SCRIPTS).map(([how, { script }]) => [
        name('script', how),
        () => cancelled(one, 'ready', options => calls.script(script, options))
      ])
    ),
    ...Object.fromEntries(
      Object.entries(CONTAINERS).map(([how, script]) => [
        name('container', how),
        () => cancelled(one, 'ready', options => calls.container(busybox, script, options))
      ])
    ),
    [`${runner.mode} cleanup`]: async () => ({ call: await calls.cleanup(), left: [], processes: [] })
  }
}

/** Sends SIGINT once a call has printed a word, and looks at what is left of it. */
async function cancelled(
  { runner, calls }: Runner,
  word: string,
  start: (options: CallOptions) => Promise<CallResult>
): Promise<Cancelled> {
  const before = await ownedBy(suite.cluster, runner)
  const { look, seen } = new Sight(word)
  const call = await start({ onOutput: look, interrupt: seen })
  const after = before.includes(`pod/${calls.jobPod}`)
    ? await calls.script('cat /proc/[0-9]*/cmdline | tr "\\0" " "')
    : undefined
  const left = await leftAt(suite.cluster, runner, (call.interruptedAt ?? 0) + LIMIT_MS, before)
  return { call, left, processes: after?.lines ?? [] }
}

describe.each(['volume', 'novolume'] as const)('SIGINT in %s mode', mode => {
  test.each(Object.entries(SCRIPTS))(
    'a script step that %s is over in time',
    async (how, { script, code }) => {
      const { call, processes } = await lanes.result(`${mode}: a script step that ${how}`)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      expect(call.code).not.toBe(0)
      if (code !== undefined) expect(call.code).toBe(code)
      expect(call.text).toBe(script.includes('cleaned') ? 'ready\ncleaned\n' : 'ready\n')
      expect(processes.join('\n')).toContain('sh')
      expect(processes.join('\n')).not.toContain(MARK)
    },
    TIMEOUT
  )

  test.each(Object.keys(CONTAINERS))(
    'a container step that %s is over in time',
    async how => {
      const { call, left } = await lanes.result(`${mode}: a container step that ${how}`)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      expect(call.code).not.toBe(0)
      expect(call.text).toContain('ready\n')
      expect(left).toEqual([])
    },
    TIMEOUT
  )
})

describe('SIGINT while a pod cannot start', () => {
  test.each(['no node takes the pod', 'the image cannot be pulled', 'the image of a step cannot be pulled'])(
    '%s: nothing is left in time',
    async what => {
      const { call, left } = await lanes.result(what)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      expect(call.code).not.toBe(0)
      expect(left).toEqual([])
    },
    TIMEOUT
  )
})

test(
  'a cancelled job: the runner need not send a second signal, and an always() step meets no old process',
  async () => {
    const { steps, conclusion } = await workflow
    expect(conclusion).toBe('cancelled')
    const long = steps.find(({ name }) => name === 'long')
    expect(long).toMatchObject({ calls: [{ sent: ['SIGINT'], stdioHeld: false }] })
    expect(long?.conclusion).not.toBe('success')
    const seen = steps.find(({ name }) => name === 'always')
    expect(seen).toMatchObject({ conclusion: 'success' })
    expect(seen?.log.lines.join('\n')).toContain('looked')
    // The step's own text is shown before it runs, without the mark.
    expect(seen?.log.lines.join('\n')).not.toContain(MARK)
  },
  TIMEOUT
)

test(
  'nothing is left',
  async () => {
    for (const mode of ['volume', 'novolume']) {
      expect((await lanes.result(`${mode} cleanup`)).call).toMatchObject({ code: 0, text: '' })
    }
    await workflow
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
