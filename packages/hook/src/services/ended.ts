import type { Cluster, Configuration, Report } from '../job/call.js'
import { warningCommand } from '../report/workflow-commands.js'
import { messageOf } from '../report/errors.js'
import { listServices, type RunningService } from './announced.js'

/** A step that has failed already is not held up for long. */
const LOOK_MS = 10_000

/** Tells which services of the job have ended: a step that fails may have missed one of them. */
export async function tellEndedServices(call: Cluster & Configuration & Report): Promise<void> {
  const signal = AbortSignal.any([call.cancelled, AbortSignal.timeout(LOOK_MS)])
  try {
    for (const service of await listServices(call, signal)) {
      const sentence = howEnded(service)
      if (sentence !== undefined) call.print(warningCommand(sentence))
    }
  } catch (error) {
    call.note(`Looking for services that ended: ${messageOf(error)}`)
  }
}

/** Says how a service ended, or nothing of one that runs. */
function howEnded({ title, image, container, state }: RunningService): string | undefined {
  if (state.terminated === undefined) return undefined
  const { exitCode, reason = 'Error' } = state.terminated
  const advice =
    reason === 'OOMKilled'
      ? ` It used more memory than its limit: use less, or raise the limit of $${container} in the hook template.`
      : ' The end of the job shows its log.'
  return `The service ${title} (${image}) has ended with exit code ${exitCode} (${reason}).${advice}`
}
