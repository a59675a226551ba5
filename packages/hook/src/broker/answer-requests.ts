import { MAILBOX_PATH, MAILBOX_VARIABLE } from '@kaniko-hooks/broker/mailbox'

import type { engineOf } from '../images/engine.js'
import type { Call, Configuration } from '../job/call.js'
import { WORK_TARGET } from '../workspace/mounts.js'
import type { AskingStep } from './asking-step.js'
import type { Attention } from './attention.js'
import { Broker } from './broker.js'

/** A step that is shorter costs nothing, as most steps ask for nothing. */
const FIRST_LOOK_MS = 1_000

const LAST = { entries: [], isLast: true } as const
const LAST_MS = 1_000

/**
 * The variable by which the containers of a job find the mailbox.
 *
 * @param temp where the container sees the runner's `_temp`
 */
export function mailboxVariable(
  { settings }: Pick<Configuration, 'settings'>,
  temp = `${WORK_TARGET}/_temp`
): Readonly<Record<string, string>> {
  if (!settings.broker.enabled) return {}
  return { [MAILBOX_VARIABLE]: `${temp}/${MAILBOX_PATH.slice(MAILBOX_PATH.indexOf('/') + 1)}` }
}

/**
 * Builds images for a step while the step runs, when the step asks for them. What becomes of a build is the step's to hear, and
 * never changes how the step ends.
 *
 * @param openEngine gives the engine that builds
 */
export function answerRequests(call: Call, step: AskingStep, openEngine: typeof engineOf): Attention {
  if (!call.settings.broker.enabled) return { close: () => Promise.resolve() }
  let broker: Broker | undefined
  const timer = setTimeout(() => (broker = new Broker(call, step, openEngine)), FIRST_LOOK_MS)
  return {
    close: async () => {
      clearTimeout(timer)
      if (broker !== undefined) await broker.close()
      // What a short step has asked for must not be built for a later one.
      else await step.workspace.exchangeMail(LAST, AbortSignal.timeout(LAST_MS)).catch(() => undefined)
    }
  }
}
