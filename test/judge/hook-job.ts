import { join } from 'node:path'

import { runJob } from '../harness/job.js'
import { RUNNER, type RunnerPod } from '../harness/runner-pod.js'
import type { JobResult } from '../stand-ins/runner/result.js'
import type { Done } from './done.js'
import { readTree } from './tree.js'
import { ACTIONS, REPOSITORY } from './workflows.js'

const THERE = '/tmp/actions-of-the-corpus'

/** Puts the corpus's actions of other repositories into a runner pod, once for all jobs. */
export async function deliverActions(runner: RunnerPod): Promise<void> {
  await runner.copy(ACTIONS, THERE)
}

/** Runs the job `build` of a workflow through the hook in a runner pod. */
export async function runOnHook(runner: RunnerPod, name: string, workflow: string): Promise<Done> {
  const { log, ...result } = await runJob(runner, {
    workflow,
    source: REPOSITORY,
    args: ['--repository', `workflows/${name}`, '--actions', THERE],
    // A job of services alone is allowed on a runner with Docker.
    env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' }
  })
  return {
    // What the harness's type leaves out is there: the file is the stand-in's own.
    result: result as unknown as JobResult,
    log,
    files: readTree(join(await runner.workDirectory(), name, name)),
    home: RUNNER.home
  }
}
