import { isKubeError } from './errors.js'
import type { PodProblem } from './pod-problem.js'
import { pause } from './retry.js'

/** Before each new try: the scheduler has to learn that the node is full, or going. */
const PAUSES_MS = [500, 1_000, 3_000] as const

/**
 * Starts a pod, and once more, at most three times, when it was rejected before anything of it ran.
 *
 * @param start creates the pod and waits for it, with an error of `waitForPod` when it cannot start
 * @param options `remove`: takes away what `start` made; `onRejected`: told before each new try, with a sentence
 */
export async function untilAccepted<T>(
  start: () => Promise<T>,
  options: {
    readonly remove: () => Promise<unknown>
    readonly onRejected: (sentence: string) => void
    readonly signal?: AbortSignal
  }
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      const problem = rejectionOf(error)
      const pauseMs = PAUSES_MS[tries]
      if (problem === undefined || pauseMs === undefined) throw error
      options.onRejected(`${problem.message} It is created again (${tries + 1} of ${PAUSES_MS.length}).`)
      await options.remove()
      await pause(pauseMs, options.signal)
    }
  }
}

function rejectionOf(error: unknown): PodProblem | undefined {
  return isKubeError(error, 'POD_FAILED') && error.problem?.beforeStart === true ? error.problem : undefined
}
