import type { V1Pod } from '@kubernetes/client-node'
import { untilAccepted, waitForPod } from '@kaniko-hooks/kube'

import { withoutInjected } from '../pods/injected.js'
import { waitUntilGone } from '../steps/step-container.js'
import { printWaiting } from '../steps/waiting.js'
import type { Call } from './call.js'

/**
 * Makes a pod of the job, and waits for it. One that its node rejects is made again.
 *
 * @param isReady told of the pod without what a webhook has put into it; may throw
 * @throws KubeError, and what `isReady` throws
 */
export async function startPod(call: Call, pod: V1Pod, isReady: (found: V1Pod) => boolean): Promise<V1Pod> {
  const { kube, settings, cancelled: signal, print } = call
  const name = pod.metadata?.name ?? ''
  const start = async (): Promise<V1Pod> => {
    await kube.create('pods', pod, { signal })
    return waitForPod(kube, name, found => isReady(withoutInjected(found, pod)), {
      timeoutMs: settings.prepareTimeoutMs,
      signal,
      onProblem: printWaiting(print, name)
    })
  }
  return untilAccepted(start, {
    remove: async () => {
      await kube.delete('pods', name, { gracePeriodSeconds: 0, signal })
      await waitUntilGone(kube, [name], signal)
    },
    onRejected: print,
    signal
  })
}
