import type { CoreV1Event, V1Pod } from '@kubernetes/client-node'
import { isKubeError } from './errors.js'
import type { Kube } from './kube.js'
import { driverAdvice, missingDriver } from './missing-driver.js'
import type { PodProblem } from './pod-problem.js'
import { podLabel } from './pod-status.js'

export interface WarningEvent extends PodProblem {
  /** How often its reason was reported; it grows as long as the kubelet fails again. */
  readonly count: number
  /** The CSI driver that the pod's node has not got. */
  readonly missingDriver: string | undefined
}

/**
 * The last warning about a pod among the events: mounts, networks and sandboxes fail nowhere else. The stock role may
 * not read events; then it returns `forbidden`.
 */
export async function warningEvent(
  kube: Kube,
  pod: V1Pod,
  signal: AbortSignal
): Promise<WarningEvent | 'forbidden' | undefined> {
  const fieldSelector = `involvedObject.uid=${pod.metadata?.uid ?? ''},type=Warning`
  let events: CoreV1Event[]
  try {
    events = await kube.list('events', { fieldSelector, signal })
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return 'forbidden'
    throw error
  }
  const event = events.sort((one, other) => timeOf(one) - timeOf(other)).at(-1)
  if (event === undefined) return undefined
  const { reason = 'Warning', message = '' } = event
  const alike = events.filter(other => other.reason === event.reason)
  const driver = missingDriver(message)
  const advice = driver === undefined ? '' : `; ${driverAdvice(pod, driver)}`
  return {
    fatal: 'wait',
    count: alike.reduce((sum, { count = 1 }) => sum + count, 0),
    reason,
    message: `The ${podLabel(pod)} does not start (${reason}): ${message}${advice}`,
    missingDriver: driver,
    fault: 'cluster',
    nothingRan: true
  }
}

function timeOf(event: CoreV1Event): number {
  const time = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp
  return time === undefined ? 0 : new Date(time).getTime()
}
