import type { Owner } from '../pods/owner.js'
import type { Workspace } from '../workspace/workspace.js'
import type { Call } from './call.js'
import { ownerOf, readRunner, workspaceOf, type Runner } from './runner-pod.js'
import type { State } from './state.js'

/** The job that a command works for. */
export interface Job {
  readonly runner: Runner
  /** The owner of everything that the command makes. */
  readonly owner: Owner
  readonly workspace: Workspace
}

/**
 * Opens the job of this call.
 *
 * @param known what `prepare_job` read of the runner's pod, for commands that mount nothing: a state that a job could
 *   have written must not choose the volume of a pod. Without it, the cluster is asked
 * @throws HookError SETTING; see `readRunner`
 */
export async function openJob(call: Call, known?: State): Promise<Job> {
  const runner = await readRunner(call, known)
  return { runner, owner: ownerOf(call, runner), workspace: workspaceOf(call, runner) }
}
