import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallOptions, type CallResult } from '../harness/hook-calls.js'
import { pushImage, type TestImage } from '../harness/image.js'
import { runJob, type JobResult } from '../harness/job.js'
import { RUNNER, type Mode, type RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { workflowOf } from '../harness/workflow.js'
import { Lanes } from './lanes.js'
import { leftAt, ownedBy, stepPods } from './owned.js'
import { Sight } from './sight.js'
import { IMPOSSIBLE, withTemplate } from './template.js'

const TIMEOUT = 400_000
/**
 * The runner kills the hook 10 s after SIGINT; everything has to be over before. The hook's own plan ends at 6.8 s where the
 * cluster answers at once, and at 8.8 s everywhere; what a machine that does other things adds to that is no verdict.
 */
const LIMIT_MS = 9_500
/** A program that nothing else runs. */
const MARK = 'sleep 98765'

/** What a container leaves in the workspace. */
const LAST_FILE = `${RUNNER.work}/demo/demo/last`

/** A file of the runner that cancels a job. */
const CANCEL = '/tmp/cancel'

/** Script steps by what they do with SIGINT, and the exit code that shows it; undefined for any but 0. */
const SCRIPTS = {
  'leaves it alone': { script: `echo ready; ${MARK}`, code: 130 },
  'handles it': { script: `trap 'echo cleaned; kill $!; exit 5' INT; echo ready; ${MARK} & wait $!`, code: 5 },
  'ignores INT and TERM': { script: `trap '' INT TERM; echo ready; while :; do ${MARK}; done`, code: undefined },
  'leaves a child behind': { script: `trap '' INT; (${MARK}) & (${MARK}) & echo ready; wait`, code: undefined }
} as const

interface Container {
  readonly script: string
  /** What its process says and writes before it ends. */
  readonly lastWords?: string
  /** The image has its shell elsewhere, so that nothing can be run beside its process. */
  readonly hidden?: true
}

/** The last words of a container take three seconds, and lie in a file then too. */
const LAST = 'sleep 3; echo bye | tee last; exit 0'

/** Container steps by what their first process does with the signals. A shell that runs a script catches INT by itself. */
const CONTAINERS = {
  'leaves them alone': { script: `echo ready; exec ${MARK}` },
  'ignores INT and TERM': { script: `trap '' INT TERM; echo ready; while :; do ${MARK}; done` },
  'waits for its child': { script: `echo ready; ${MARK}; echo not reached` },
  'handles INT': { script: `trap '${LAST}' INT; echo ready; ${MARK} & wait $!`, lastWords: 'bye' },
  'handles TERM alone': { script: `trap '' INT; trap '${LAST}' TERM; echo ready; ${MARK} & wait $!`, lastWords: 'bye' },
  'can be reached by TERM alone': {
    script: `trap '${LAST}' TERM; echo ready; ${MARK} & wait $!`,
    lastWords: 'bye',
    hidden: true
  }
} as const satisfies Record<string, Container>

type Script = keyof typeof SCRIPTS
type ContainerName = keyof typeof CONTAINERS
type Moment = 'has ended' | 'has a pod only'

interface Tried {
  readonly scripts: readonly Script[]
  readonly containers: readonly ContainerName[]
  /** When a container step is cancelled that does not run. */
  readonly moments: readonly Moment[]
}

/** What a program does with signals is the same in both modes, and unit tests show it with real shells. */
const TRIED: Readonly<Record<Mode, Tried>> = {
  volume: {
    scripts: variants<Script>(['leaves it alone'], ['handles it', 'ignores INT and TERM', 'leaves a child behind']),
    containers: variants<ContainerName>(
      ['ignores INT and TERM', 'can be reached by TERM alone'],
      ['leaves them alone', 'waits for its child', 'handles INT', 'handles TERM alone']
    ),
    moments: variants<Moment>(['has a pod only'], ['has ended'])
  },
  novolume: {
    scripts: variants<Script>(['handles it', 'leaves a child behind'], ['leaves it alone', 'ignores INT and TERM']),
    containers: variants<ContainerName>(
      ['handles INT'],
      [
        'leaves them alone',
        'ignores INT and TERM',
        'waits for its child',
        'handles TERM alone',
        'can be reached by TERM alone'
      ]
    ),
    moments: variants<Moment>(['has ended'], ['has a pod only'])
  }
}
const MODES = ['volume', 'novolume'] as const

type Waiting = 'no node takes the pod' | 'the image cannot be pulled' | 'the image of a step cannot be pulled'
const WAITING = variants<Waiting>(
  ['no node takes the pod', 'the image of a step cannot be pulled'],
  ['the image cannot be pulled']
)

interface Cancelled {
  readonly call: CallResult
  /** The same as `left`, as soon as the hook had ended. */
  readonly leftAtOnce?: readonly string[]
  /** What the container wrote, as the runner sees it then. */
  readonly last?: string
  /** Pods, Jobs and Secrets 7 s after the signal that were not there before the call. */
  readonly left: readonly string[]
  /** What an `always()` step after a script step sees: the command lines in the job container. */
  readonly processes?: readonly string[]
}

const suite = new Suite('cancel')
const lanes = new Lanes<Cancelled>()
const jobs = new Lanes<JobResult>()
let hidden: TestImage

beforeAll(async () => {
  // Nobody finds this shell by its name.
  hidden = await pushImage(suite.cluster, {
    repository: 'test/hidden-shell',
    tools: ['sleep', 'tee', 'echo'],
    programs: { '/hidden/ash': '/usr/bin/busybox' }
  })
  const [volume, novolume, whole] = await Promise.all([runnerOf('volume'), runnerOf('novolume'), runnerOf('volume')])
  lanes.start(stepsIn(volume))
  lanes.start(stepsIn(novolume))
  const { debian, busybox } = suite.cluster.images
  jobs.start({
    'a script step': () =>
      runJob(whole.runner, {
        workflow: workflowOf({
          container: debian,
          steps: [
            {
              name: 'long',
              id: 'long',
              run: `trap '' INT TERM; echo x=1 >>"$GITHUB_OUTPUT"; echo >begun; while :; do ${MARK}; done`
            },
            {
              name: 'always',
              if: 'always()',
              run: 'echo "x=${{ steps.long.outputs.x }}"; cat /proc/[0-9]*/cmdline | tr "\\0" " "; echo; echo looked'
            }
          ]
        }),
        args: ['--cancel-file', `${RUNNER.work}/demo/demo/begun`]
      }),
    'a container step': () =>
      runJob(whole.runner, {
        workflow: workflowOf({
          container: debian,
          steps: [
            {
              name: 'beating',
              id: 'beating',
              uses: `docker://${busybox}`,
              with: {
                args: `sh -c "echo x=1 >>$GITHUB_OUTPUT; trap 'sleep 2; echo bye; exit 0' INT; echo first >beat; echo beating; while :; do date +%s%N >beat; sleep 0.2; done"`
              }
            },
            {
              name: 'always',
              if: 'always()',
              run: 'cp beat one; sleep 1; cmp beat one && echo "x=${{ steps.beating.outputs.x }}, quiet"'
            }
          ]
        }),
        args: ['--cancel-file', CANCEL],
        // What its container says is heard when the hook has seen it run.
        onLog: line => {
          if (/^\s*beating$/.test(line)) whole.runner.write(CANCEL, '').catch(() => undefined)
        }
      })
  })
  const { calls } = whole
  const template = await withTemplate(whole.runner, IMPOSSIBLE)
  const waits: Readonly<Record<Waiting, (options: CallOptions) => Promise<CallResult>>> = {
    'no node takes the pod': options => calls.prepare(debian, { ...options, env: template }),
    'the image cannot be pulled': options => calls.prepare('registry.invalid/no/image:1', options),
    'the image of a step cannot be pulled': options => calls.container('registry.invalid/no/image:1', 'true', options)
  }
  lanes.start(
    Object.fromEntries(
      WAITING.map(what => [
        what,
        async () => {
          await jobs.ended()
          return cancelled(whole, 'waits:', waits[what])
        }
      ])
    )
  )
}, TIMEOUT)

afterAll(async () => {
  await hidden.remove()
})

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
  const { mode } = runner
  const { debian, busybox } = suite.cluster.images
  const name = (what: string, how: string): string => `${mode}: a ${what} step that ${how}`
  const moments: Readonly<Record<Moment, () => Promise<Cancelled>>> = {
    // Between the log's end and the last of its files.
    'has ended': () =>
      cancelled(one, 'Ran in', options => calls.container(busybox, 'sleep 3; echo done >last', options)),
    'has a pod only': async () =>
      cancelled(one, madeIn(runner), options => calls.container(busybox, `echo ready; ${MARK}`, options))
  }
  return {
    [`${mode} prepare`]: async () => ({ call: await calls.prepare(debian), left: [] }),
    ...Object.fromEntries(
      TRIED[mode].scripts.map(how => [
        name('script', how),
        async () => {
          const { script } = SCRIPTS[how]
          const was = await cancelled(one, 'ready', options => calls.script(script, options))
          const { lines } = await calls.script('cat /proc/[0-9]*/cmdline | tr "\\0" " "')
          return { ...was, processes: lines }
        }
      ])
    ),
    ...Object.fromEntries(
      TRIED[mode].containers.map(how => [
        name('container', how),
        () => {
          const container: Container = CONTAINERS[how]
          return cancelled(one, 'ready', options =>
            container.hidden
              ? calls.container(hidden.tagged, container.script, options, '/hidden/ash')
              : calls.container(busybox, container.script, options)
          )
        }
      ])
    ),
    ...Object.fromEntries(TRIED[mode].moments.map(how => [name('container', how), moments[how]])),
    [`${mode} cleanup`]: async () => ({ call: await calls.cleanup(), left: [] })
  }
}

/** Sends SIGINT once a call has printed a word, or something has happened, and looks at what is left of it. */
async function cancelled(
  { runner }: Runner,
  when: string | (() => Promise<unknown>),
  start: (options: CallOptions) => Promise<CallResult>
): Promise<Cancelled> {
  const before = await ownedBy(suite.cluster, runner)
  await runner.exec(['rm', '-f', LAST_FILE])
  const { look, seen } = new Sight(typeof when === 'string' ? when : 'never')
  const call = await start({ onOutput: look, interrupt: typeof when === 'string' ? seen : when() })
  const leftAtOnce = await leftAt(suite.cluster, runner, 0, before)
  const last = (await runner.exec(['sh', '-c', 'cat "$0" 2>/dev/null', LAST_FILE])).stdout.toString()
  const left = await leftAt(suite.cluster, runner, (call.interruptedAt ?? 0) + LIMIT_MS, before)
  return { call, leftAtOnce, last, left }
}

/** Waits until a runner has the pod of a step. */
function madeIn(runner: RunnerPod): () => Promise<void> {
  return async () => {
    while ((await stepPods(suite.cluster, runner)).length === 0) await sleep(50)
  }
}

describe.each(MODES)('SIGINT in %s mode', mode => {
  test.each(TRIED[mode].scripts)(
    'a script step that %s is over in time',
    async how => {
      const { script, code } = SCRIPTS[how]
      const { call, processes = [] } = await lanes.result(`${mode}: a script step that ${how}`)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      expect(call.code).not.toBe(0)
      if (code !== undefined) expect(call.code).toBe(code)
      expect(call.text).toBe(script.includes('cleaned') ? 'ready\ncleaned\n' : 'ready\n')
      expect(processes.join('\n')).toContain('sh')
      expect(processes.join('\n')).not.toContain(MARK)
    },
    TIMEOUT
  )

  test.each(TRIED[mode].containers)(
    'a container step that %s is over in time, and has its time',
    async how => {
      const { lastWords, hidden: isHidden }: Container = CONTAINERS[how]
      const { call, left, leftAtOnce, last } = await lanes.result(`${mode}: a container step that ${how}`)
      expect(call.lines).toEqual(expect.arrayContaining(['ready', ...(lastWords === undefined ? [] : [lastWords])]))
      expect(call.text).not.toContain('not reached')
      expect(call.text).not.toContain('::warning::')
      expect(call.code).toBe(130)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      expect(leftAtOnce).toEqual([])
      expect(left).toEqual([])
      // Without a volume a pod that is being deleted has nobody any more who would send them.
      const isBack = lastWords !== undefined && !(mode === 'novolume' && isHidden)
      expect(last).toBe(isBack ? `${lastWords}\n` : '')
    },
    TIMEOUT
  )

  test.each(TRIED[mode].moments)(
    'a container step that %s leaves nothing',
    async how => {
      const { call, left, leftAtOnce, last } = await lanes.result(`${mode}: a container step that ${how}`)
      expect(call.msAfterInterrupt).toBeLessThan(LIMIT_MS)
      // A step that was over before the signal came does not wait for the end of a pod in which nothing runs.
      if (call.code !== 0) expect(leftAtOnce).toEqual([])
      expect(left).toEqual([])
      if (how === 'has ended') expect(last).toBe('done\n')
      else expect(call.code).toBe(130)
    },
    TIMEOUT
  )
})

describe('SIGINT while a pod cannot start', () => {
  test.each(WAITING)(
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
    const { steps, conclusion } = await jobs.result('a script step')
    expect(conclusion).toBe('cancelled')
    const long = steps.find(({ name }) => name === 'long')
    expect(long).toMatchObject({ calls: [{ sent: ['SIGINT'], stdioHeld: false }] })
    expect(long?.conclusion).not.toBe('success')
    const seen = steps.find(({ name }) => name === 'always')
    expect(seen).toMatchObject({ conclusion: 'success' })
    expect(seen?.log.lines.join('\n')).toContain('looked')
    expect(seen?.log.lines).toContain('x=1')
    // The step's own text is shown before it runs, without the mark.
    expect(seen?.log.lines.join('\n')).not.toContain(MARK)
  },
  TIMEOUT
)

test(
  'a cancelled container step says its last words, and an always() step meets it no more',
  async () => {
    const { steps } = await jobs.result('a container step')
    const beating = steps.find(({ name }) => name === 'beating')
    expect(beating).toMatchObject({ calls: [{ sent: ['SIGINT'], stdioHeld: false }] })
    expect(beating?.log.lines).toContain('bye')
    const always = steps.find(({ name }) => name === 'always')
    expect(always).toMatchObject({ conclusion: 'success' })
    expect(always?.log.lines.at(-1)).toBe('x=1, quiet')
  },
  TIMEOUT
)

test(
  'nothing is left',
  async () => {
    for (const mode of MODES) {
      expect((await lanes.result(`${mode} cleanup`)).call).toMatchObject({ code: 0, text: '' })
    }
    await Promise.all([jobs.ended(), lanes.ended()])
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
