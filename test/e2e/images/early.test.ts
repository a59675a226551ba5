import { beforeAll, describe, expect, test } from '@jest/globals'

import { withTemplate } from '../../faults/template.js'
import { Lanes } from '../../faults/lanes.js'
import { Api } from '../../harness/cluster/api.js'
import { until } from '../../harness/cluster/wait.js'
import { pushedBy } from '../../harness/dockerfile-action.js'
import { holdJob } from '../../harness/hold-job.js'
import { outputOf, placeFiles, runJob, stepOf, type Files, type JobResult } from '../../harness/job.js'
import { apply, kubectl } from '../../harness/kubectl.js'
import { observe } from '../../harness/observe.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'

const suite = new Suite('early')
const lanes = new Lanes<Done>()

interface Done {
  readonly result: JobResult
  /** The names of the build pods. */
  readonly builds: readonly string[]
  /** What the registry has of the job afterwards. */
  readonly images: readonly string[]
  readonly left: readonly string[]
}

const ACTIONS = '/tmp/early-actions'

const manifest = (image: string): string =>
  JSON.stringify({ name: 'x', description: 'x', runs: { using: 'docker', image } })

/** One that works, in a directory of its repository; one whose build fails; one that uses the first; one that is broken. */
const FILES: Files = {
  'octo/tools/v1/say/action.yml': manifest('Dockerfile'),
  'octo/tools/v1/say/Dockerfile': [
    'FROM busybox:1.36',
    'COPY said /said',
    'RUN echo "line one" && sleep 3 && echo "::warning::line two"',
    'ENTRYPOINT ["cat", "/said"]'
  ].join('\n'),
  'octo/tools/v1/say/said': 'hello\n',
  // Too large for a Secret as it is.
  'octo/tools/v1/say/README.md': 'what the action is good for\n'.repeat(50_000),
  'octo/broken/v1/action.yml': manifest('build/Dockerfile'),
  'octo/broken/v1/build/Dockerfile': 'FROM busybox:1.36\nRUN echo "so far" && exit 3\n',
  'octo/both/v1/action.yml': JSON.stringify({
    name: 'x',
    description: 'x',
    runs: { using: 'composite', steps: [{ uses: 'octo/tools/say@v1' }] }
  })
}

/** The build that takes longer, while it goes on; its image again; the broken one, which has ended by then. */
const STEPS = [
  { name: 'say', uses: 'octo/both@v1' },
  { name: 'again', uses: 'octo/tools/say@v1' },
  { name: 'broken', uses: 'octo/broken@v1', 'continue-on-error': true }
]

interface Way {
  readonly steps?: readonly StepText[]
  /** How many builds begin with the job. */
  readonly early?: number
  readonly settings?: object
  readonly args?: readonly string[]
  readonly cancelAt?: string
  readonly env?: Readonly<Record<string, string>>
  /** Told the name of each build pod, once. */
  readonly onBuild?: (name: string) => void
}

async function run(
  runner: RunnerPod,
  { steps = STEPS, early = 2, settings = {}, args = [], env, cancelAt, onBuild }: Way = {}
): Promise<Done> {
  await placeFiles(runner, ACTIONS, FILES)
  const path = await runner.writeSettings(settings)
  const builds = new Set<string>()
  const held = holdJob(suite.cluster, runner, early)
  const { result } = await observe(
    suite.cluster,
    runner.namespace,
    async () =>
      runJob(runner, {
        workflow: workflowOf({ container: suite.cluster.images.debian, steps }),
        args: ['--debug', '--actions', ACTIONS, ...args],
        env: { KANIKO_HOOKS_CONFIG: path, ...(env ?? (await withTemplate(runner, held.template))) },
        ...(cancelAt === undefined ? {} : { cancelAt })
      }),
    item => {
      held.look(item)
      const { kind, metadata: { name = '' } = {} } = item
      if (kind !== 'Pod' || !name.startsWith(`${runner.name}-build-`) || builds.has(name)) return
      builds.add(name)
      onBuild?.(name)
    }
  )
  const pushed = pushedBy(result)
  return {
    result,
    builds: [...builds],
    images: (await imagesIn(suite.cluster)).filter(image => pushed.includes(image)),
    left: await suite.left(runner)
  }
}

/** A step in which nobody wants an image. */
const pausing = (seconds: number): StepText => ({ name: 'first', run: `sleep ${seconds}` })

const podPath = (name: string): string => `/api/v1/namespaces/${suite.namespace}/pods/${name}`

/** Somebody deletes what began with the job, before a step wants it. */
async function vanished(runner: RunnerPod): Promise<Done> {
  let isEarly = true
  const onBuild = (name: string): void => {
    if (isEarly) void new Api(suite.cluster.kubeconfig).delete(podPath(name))
    isEarly = false
  }
  return run(runner, { steps: [pausing(3), ...STEPS.slice(0, 1)], early: 1, onBuild })
}

beforeAll(async () => {
  const [volume, other, novolume] = await Promise.all(
    (['volume', 'volume', 'novolume'] as const).map(async mode => suite.runner({ mode }))
  )
  if (volume === undefined || other === undefined || novolume === undefined) throw new Error('there are no runners')
  lanes.start({ volume: async () => run(volume) })
  const cancelAt = 'first:0.2'
  lanes.start({
    cancelled: async () => run(other, { steps: [pausing(30), ...STEPS], cancelAt }),
    vanished: async () => vanished(other)
  })
  lanes.start({ novolume: async () => run(novolume) })
}, 200_000)

/** What the hook printed in a step, without its times and its notes. */
const printed = ({ result }: Done, step: string): string[] =>
  outputOf(stepOf(result, step))
    .filter(line => !line.startsWith('##[debug]'))
    .map(line => line.replace(/\d+\.\d+ s/, 'N s').replace(/\S+@sha256:\S+/, 'IMAGE'))

/** The notes that tell why something does not begin early. */
const doubts = ({ result }: Done): string[] =>
  outputOf(stepOf(result, 'Initialize containers')).filter(line =>
    /left to its step|not looked at|search for actions|No build begins/.test(line)
  )

describe.each(['volume', 'novolume'] as const)('the images of downloaded actions, %s', mode => {
  let done: Done
  beforeAll(async () => (done = await lanes.result(mode)), 300_000)

  test('begin to be built while the job is set up, each once, and nothing is left', () => {
    expect(doubts(done)).toEqual([])
    expect(printed(done, 'Initialize containers')).toEqual([
      'The image of _actions/octo/broken/v1/build/Dockerfile and of _actions/octo/tools/v1/say/Dockerfile is being built meanwhile.'
    ])
    expect([done.result.conclusion, done.builds.length, done.images, done.left]).toEqual(['success', 2, [], []])
  })

  test('are waited for by the step that wants one, with the log from its first line', () => {
    const lines = printed(done, 'say')
    expect(lines).toEqual(
      expect.arrayContaining([
        '##[group]Build _actions/octo/tools/v1/say/Dockerfile',
        'Context: 4 files',
        'Step 1: FROM busybox:1.36',
        'line one',
        '::warning::line two',
        'Built since the job began; this step waited N s for it: IMAGE',
        'hello'
      ])
    )
    expect(lines.indexOf('line one')).toBeGreaterThan(lines.indexOf('Step 1: FROM busybox:1.36'))
    expect(printed(done, 'again')).toContain(
      'The image of _actions/octo/tools/v1/say/Dockerfile was built earlier in this job: IMAGE'
    )
  })

  test('fail in the step that wants one, in the words of any build', () => {
    expect(stepOf(done.result, 'broken').outcome).toBe('failure')
    expect(printed(done, 'broken')).toEqual(
      expect.arrayContaining([
        'so far',
        expect.stringContaining('building Dockerfile failed at RUN echo "so far" && exit 3: it ended with exit code 3')
      ])
    )
  })
})

test('a job that is cancelled before anybody wants its images leaves none, and no build', async () => {
  const { result, builds, images, left } = await lanes.result('cancelled')
  expect(result.conclusion).toBe('cancelled')
  expect(builds).toHaveLength(2)
  expect([images, left]).toEqual([[], []])
}, 300_000)

test('a build that somebody takes away is built again by the step that wants it', async () => {
  const done = await lanes.result('vanished')
  expect([stepOf(done.result, 'say').outcome, done.builds.length]).toEqual(['success', 2])
  expect(printed(done, 'say')).toEqual(
    expect.arrayContaining([
      // It is gone, or on its way.
      expect.stringMatching(
        /^The build that began with the job did not come to its end \(.*(gone|deleted).*\); the image is built again\.$/
      ),
      'hello'
    ])
  )
  expect([done.images, done.left]).toEqual([[], []])
}, 300_000)

/** What unit tests show as well. */
function inLongRun(): void {
  test('an image that a job keeps is not built with the next one', async () => {
    const runners = await Promise.all(['volume', 'novolume'].map(async mode => suite.runner({ mode: mode as Mode })))
    const [one, another] = runners
    if (one === undefined || another === undefined) throw new Error('there are no runners')
    const kept = {
      steps: STEPS.slice(0, 1),
      early: 1,
      settings: { image: { keep: '1h' } },
      args: ['--event-name', 'push', '--ref', 'refs/heads/main']
    }
    const first = await run(one, kept)
    expect(printed(first, 'say')).toContain('Built since the job began; this step waited N s for it: IMAGE')
    const second = await run(another, { ...kept, early: 0 })
    expect([first.builds.length, second.builds]).toEqual([1, []])
    expect(printed(second, 'say')).toContain(
      'The image of _actions/octo/tools/v1/say/Dockerfile was kept by an earlier job: IMAGE'
    )
  }, 300_000)

  test('what a runner that is killed has begun goes with its pod, but for what tells of the images', async () => {
    const runner = await suite.runner({ mode: 'volume' })
    const api = new Api(suite.cluster.kubeconfig)
    const names: string[] = []
    const kill = (name: string): void => {
      if (names.push(name) === 2) void api.delete(`${podPath(runner.name)}?gracePeriodSeconds=0`)
    }
    await run(runner, { steps: [pausing(30), ...STEPS], onBuild: kill }).catch(() => undefined)
    expect(names).toHaveLength(2)
    // A record is a Secret without an owner: a later job removes what it names.
    await until('the end of all but records', 60, async () => {
      const left = await suite.left(runner)
      return left.length === 2 && left.every(object => object.startsWith('secret/'))
    })
  }, 300_000)

  describe('where there is room for the job alone', () => {
    const full = new Suite('early-full')

    test('the job is set up, and the step that wants an image says why there is none', async () => {
      const runner = await full.runner({ mode: 'volume' })
      const metadata = { name: 'full', namespace: full.namespace }
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '2' } } }
      await apply(full.cluster, quota)
      await until('the quota', 30, async () => {
        const path = `/api/v1/namespaces/${full.namespace}/resourcequotas/full`
        const found = await new Api(full.cluster.kubeconfig).get<{ status?: { used?: { pods?: string } } }>(path)
        return found?.status?.used?.pods === '1'
      })
      const done = await run(runner, { steps: STEPS.slice(0, 1), early: 0 })
      expect(printed(done, 'Initialize containers')).toEqual([])
      expect([stepOf(done.result, 'say').outcome, done.builds, await full.left(runner)]).toEqual(['failure', [], []])
      expect(printed(done, 'say').join('\n')).toMatch(/exceeded quota: full/)
    }, 300_000)
  })

  describe('where PodSecurity admits a job that is no root, and no build', () => {
    const strict = new Suite('early-strict')

    test('the job is set up, and the step that wants an image says why there is none', async () => {
      const runner = await strict.runner({ mode: 'volume' })
      const level = 'pod-security.kubernetes.io/enforce=restricted'
      await kubectl(strict.cluster, ['label', 'namespace', strict.namespace, level, '--overwrite'])
      const env = await withTemplate(runner, {
        securityContext: { runAsNonRoot: true, runAsUser: 1001, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          { name: '$job', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }
        ]
      })
      const done = await run(runner, { steps: STEPS.slice(0, 1), env })
      expect(printed(done, 'Initialize containers')).toEqual([])
      expect([stepOf(done.result, 'say').outcome, done.builds, await strict.left(runner)]).toEqual(['failure', [], []])
      expect(printed(done, 'say').join('\n')).toMatch(/violates PodSecurity "restricted/)
    }, 300_000)
  })
}

for (const title of variants([], ['in the long run'])) describe(title, inLongRun)
