import { beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { pushedBy } from '../../harness/dockerfile-action.js'
import { outputOf, placeFiles, runJob, stepOf, type Files, type JobResult } from '../../harness/job.js'
import { observe } from '../../harness/observe.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

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

/** @param cancelled whether nobody waits for the builds: the job is cancelled in its first step */
async function run(mode: Mode, cancelled: boolean): Promise<Done> {
  const runner = await suite.runner({ mode })
  await placeFiles(runner, ACTIONS, FILES)
  const steps = cancelled ? [{ name: 'first', run: 'sleep 30' }, ...STEPS] : STEPS
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({ container: suite.cluster.images.debian, steps }),
      args: ['--actions', ACTIONS],
      ...(cancelled ? { cancelAt: 'first:0.2' } : {})
    })
  )
  const pushed = pushedBy(result)
  return {
    result,
    builds: seen.flatMap(({ kind, metadata }) =>
      kind === 'Pod' && metadata?.name?.startsWith(`${runner.name}-build-`) === true ? [metadata.name] : []
    ),
    images: (await imagesIn(suite.cluster)).filter(image => pushed.includes(image)),
    left: await suite.left(runner)
  }
}

beforeAll(() => {
  lanes.start({ volume: () => run('volume', false), cancelled: () => run('volume', true) })
  lanes.start({ novolume: () => run('novolume', false) })
}, 10_000)

/** What the hook printed in a step, without its times. */
const printed = ({ result }: Done, step: string): string[] =>
  outputOf(stepOf(result, step)).map(line => line.replace(/\d+\.\d+ s/, 'N s').replace(/\S+@sha256:\S+/, 'IMAGE'))

describe.each(['volume', 'novolume'] as const)('the images of downloaded actions, %s', mode => {
  let done: Done
  beforeAll(async () => (done = await lanes.result(mode)), 300_000)

  test('begin to be built while the job is set up, each once, and nothing is left', () => {
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
        'Context: 3 files',
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
