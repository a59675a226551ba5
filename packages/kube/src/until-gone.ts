import { isKubeError } from './errors.js'
import type { Kube } from './kube.js'
import { pollPause, type PollPause } from './poll-pause.js'

/**
 * Waits until a pod that was deleted is gone. That a watch tells so is not enough: it is looked for.
 *
 * @param pause when to look
 * @throws KubeError ABORTED, or the API's error
 */
export async function untilGone(
  kube: Kube,
  name: string,
  signal: AbortSignal,
  pause: PollPause = pollPause
): Promise<void> {
  const watch = kube.watchPod(name)
  const start = performance.now()
  for (;;) {
    let { events } = watch
    const looked = performance.now()
    try {
      await kube.get('pods', name, { signal })
    } catch (error) {
      if (isKubeError(error, 'NOT_FOUND')) return
      throw error
    }
    const pollMs = pause(looked - start)
    while (!(await watch.news({ after: events, since: looked, pollMs, signal }))) {
      if (watch.toldOf(name, events)?.pod === undefined) break
      ;({ events } = watch)
    }
  }
}
