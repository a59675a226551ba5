import type { Call } from './job/call.js'
import { cleanupJob } from './cleanup-job.js'
import { prepareJob } from './prepare-job.js'
import type { Response } from './protocol/response.js'
import type { Command } from './protocol/schema.js'
import { runContainerStep } from './run-container-step.js'
import { runScriptStep } from './run-script-step.js'

/** What a call gives back to the runner. */
export interface Outcome {
  readonly exitCode: number
  /** Undefined leaves the response file as the runner made it: empty, which it accepts for all but `prepare_job`. */
  readonly response?: Response | undefined
}

/** Does what the runner asked for. */
export async function run(call: Call, command: Command): Promise<Outcome> {
  switch (command.command) {
    case 'prepare_job':
      return { exitCode: 0, response: await prepareJob(call, command) }
    case 'run_script_step':
      return { exitCode: await runScriptStep(call, command) }
    case 'run_container_step':
      return { exitCode: await runContainerStep(call, command) }
    case 'cleanup_job':
      await cleanupJob(call, command)
      return { exitCode: 0 }
  }
}
