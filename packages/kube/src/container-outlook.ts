import type { V1Pod } from '@kubernetes/client-node'
import { containerResult } from './container-result.js'
import { KubeError, isKubeError } from './errors.js'
import { containerStatus, isFinished, podLabel } from './pod-status.js'

/** For what is over: its log, or its last seconds. A kubelet that restarts is back by then. */
const LAST_WORDS_MS = 60_000

/**
 * How long it is worth asking for a container whose node does not give what it was asked for. The pod tells, which the
 * API server knows without the node.
 *
 * @param use `log`: what it wrote, which outlives it; `exec`: a command in it
 * @param readPod asks once, with no repetition
 * @returns milliseconds since the first failure; undefined when nothing speaks against the usual time
 * @throws KubeError POD_FAILED when it cannot come any more
 */
export async function containerOutlook(
  { pod: name, container, use }: { readonly pod: string; readonly container: string; readonly use: 'log' | 'exec' },
  readPod: () => Promise<V1Pod>
): Promise<number | undefined> {
  let pod: V1Pod
  try {
    pod = await readPod()
  } catch (cause) {
    // The API server is away too: then nobody knows.
    if (!isKubeError(cause, 'NOT_FOUND')) return undefined
    throw new KubeError('POD_FAILED', `Pod "${name}" is gone: somebody deleted it, or its node was removed.`, {
      reason: 'Deleted',
      cause
    })
  }
  if (isFinished(pod) || containerStatus(pod, container)?.state?.terminated !== undefined) {
    if (use === 'log') return LAST_WORDS_MS
    const { exitCode, why } = containerResult(pod, container)
    throw new KubeError(
      'POD_FAILED',
      why ?? `Container "${container}" of ${podLabel(pod)} has ended with exit code ${exitCode}.`,
      { reason: 'Ended' }
    )
  }
  return pod.metadata?.deletionTimestamp === undefined ? undefined : LAST_WORDS_MS
}
