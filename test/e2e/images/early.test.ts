import { beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { outputOf, placeFiles, runJob, stepOf, type Files, type JobResult } from '../../harness/job.js'
import { observe } from '../../harness/observe.js'
import { pushedBy } from '../../harness/dockerfile-action.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('early')
const lanes = new Lanes<Done>()

interface Done {
  readonly result: JobResult
  /** The names of the build pods in their order, each with how many calls of the hook had begun before. */
  readonly builds: readonly string[]
  readonly images: readonly string[]
  readonly left: readonly string[]
}

const ACTIONS = '/tmp/early-actions'

const manifest = (image: string): string =>
  JSON.stringify({ name: 'x', description: 'x', runs: { using: 'docker', image } })

/** One that works, in a directory of its repository; one whose build fails; one that uses the first. */
const FILES: Files = {
  'octo/tools/v1/say/action.yml': manifest('Dockerfile'),
  'octo/tools/v1/say/Dockerfile':
    'FROM busybox:1.36\nCOPY said /said\nRUN echo "line one" && sleep 4\nENTRYPOINT ["cat", "/said"]\n',
  'octo/tools/v1/say/said': 'hello\n',
  'octo/broken/v1/action.yml': manifest('build/Dockerfile'),
  'octo/broken/v1/build/Dockerfile': 'FROM busybox:1.36\nRUN echo "so far" && exit 3\n',
  'octo/both/v1/action.yml': JSON.stringify({
    name: 'x',
    description: 'x',
    runs: { using: 'composite', steps: [{ uses: 'octo/tools/say@v1' }] }
  })
}

/** The long build, which is asked for while it goes on; again; the broken one, whose end came long ago. */
const STEPS = [
  { name: 'say', uses: 'octo/both@v1' },
  { name: 'again', uses: 'octo/tools/say@v1' },
  { name: 'broken', uses: 'octo/broken@v1', 'continue-on-error': true }
]

async function run(mode: Mode): Promise<Done> {
  const runner = await suite.runner({ mode })
  await placeFiles(runner, ACTIONS, FILES)
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({ container: suite.cluster.images.debian, steps: STEPS }),
      args: ['--actions', ACTIONS]
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
  for (const mode of ['volume', 'novolume'] as const) lanes.start({ [mode]: async () => run(mode) })
}, 10_000)

describe.each(['volume', 'novolume'] as const)('the images of downloaded actions, %s', mode => {
  let done: Done
  beforeAll(async () => (done = await lanes.result(mode)), 300_000)

  test('are built while the job is set up, each once, and nothing is left', () => {
    const { result, builds, images, left } = done
    console.log(result.log)
    expect(result.conclusion).toBe('success')
    expect(outputOf(stepOf(result, 'Initialize containers'))).toContainEqual(
      expect.stringMatching(
        /^The image of .*octo\/broken\/v1\/build\/Dockerfile and of .*say\/Dockerfile is being built/
      )
    )
    expect([builds.length, images, left]).toEqual([2, [], []])
  })
})
