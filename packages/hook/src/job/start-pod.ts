import type { V1Pod } from '@kubernetes/client-node'
import { looksForStart, untilAccepted, waitForPod, type WaitOptions } from '@kaniko-hooks/kube'

import { withoutInjected } from '../pods/injected.js'
import { waitUntilGone } from '../steps/step-container.js'
import { printWaiting } from '../steps/waiting.js'
import type { Call } from './call.js'

/**
 * Makes a pod of the job, and waits for it. One that its node rejects is made again.
 *
 * @param isReady told of the pod without what a webhook has put into it; may throw
 * @param within ends the waiting, but not a request that makes a pod: the pod might come to be after all, unseen
 * @throws KubeError, and what `isReady` throws
 */
export async function startPod(
  call: Call,
  pod: V1Pod,
  isReady: (found: V1Pod) => boolean,
  within: AbortSignal = call.cancelled
): Promise<V1Pod> {
  const { kube, cancelled, print } = call
  const name = nameOf(pod)
  const start = async (): Promise<V1Pod> => {
    const known = await kube.create('pods', pod, { signal: cancelled })
    const looks = { since: performance.now(), pause: looksForStart }
    return awaitPod({ ...call, cancelled: within }, pod, isReady, { known, looks })
  }
  return untilAccepted(start, {
    remove: async () => {
      await kube.delete('pods', name, { gracePeriodSeconds: 0, signal: within })
      await waitUntilGone(kube, [name], within)
    },
    onRejected: print,
    signal: within
  })
}

/**
 * Waits for a pod of the job that was made already.
 *
 * @param pod as it was sent
 * @param isReady as for `startPod`
 * @param options how it was found, and when it is worth a look
 */
export async function awaitPod(
  call: Call,
  pod: V1Pod,
  isReady: (found: V1Pod) => boolean,
  options: Pick<WaitOptions, 'known' | 'looks'> = {}
): Promise<V1Pod> {
  const name = nameOf(pod)
  return waitForPod(call.kube, name, found => isReady(withoutInjected(found, pod)), {
    ...options,
    timeoutMs: call.settings.prepareTimeoutMs,
    signal: call.cancelled,
    onProblem: printWaiting(call.print, name)
  })
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? ''
}
