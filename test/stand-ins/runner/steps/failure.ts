import { messageOf } from '../error.js'
import type { Frame } from '../runner.js'

/**
 * Logs what ended a step, and marks it failed. The causes, which the runner shows in debug logs only, are always shown:
 * whoever tests a hook needs them.
 */
export function logFailure(frame: Frame, error: unknown): void {
  frame.failed = true
  frame.log.add('error', messageOf(error))
  for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause) {
    frame.log.add('debug', cause.message)
  }
}
