import type { V1Pod } from '@kubernetes/client-node'
import type { Kube } from './kube.js'
import type { PollPause } from './poll-pause.js'

/**
 * Waits for a pod that a controller makes. A watch that began before the controller's object was made tells of it at once.
 *
 * @param isWanted whether a pod with these labels is the one
 * @param options `timeoutMs` is asked at each look: what others find out may shorten the wait; `pause`, when to look
 * @returns undefined when there is none in time
 */
export async function findPod(
  kube: Kube,
  labelSelector: string,
  isWanted: (pod: V1Pod) => boolean,
  {
    timeoutMs,
    pause,
    signal
  }: { readonly timeoutMs: () => number; readonly pause: PollPause; readonly signal: AbortSignal }
): Promise<V1Pod | undefined> {
  const watch = kube.watchPods({ labelSelector })
  const start = performance.now()
  let looked = start
  let pollMs = pause(0)
  let found = watch.pods.find(isWanted)
  let { events } = watch
  while (found === undefined && performance.now() - start < timeoutMs()) {
    const isDue = await watch.news({ after: events, since: looked, pollMs, signal })
    events = watch.events
    if (isDue) looked = performance.now()
    found = (isDue ? await kube.list('pods', { labelSelector, signal }) : watch.pods).find(isWanted)
    pollMs = pause(performance.now() - start)
  }
  return found
}
