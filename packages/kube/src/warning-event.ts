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
  /** How often the node had not got a driver, also when the last warning is about something else. */
  readonly driverMissed: number
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
  const missing = events.filter(other => missingDriver(other.message ?? '') !== undefined)
  const driver = missingDriver(message)
  const earlier = missingDriver(missing.at(-1)?.message ?? '')
  const advice =
    driver !== undefined
      ? `; ${driverAdvice(pod, driver)}`
      : earlier !== undefined
        ? `; before that, its node had not got the CSI driver ${earlier}`
        : ''
  return {
    fatal: 'wait',
    count: countOf(alike),
    reason,
    message: `The ${podLabel(pod)} does not start (${reason}): ${message}${advice}`,
    missingDriver: driver,
    driverMissed: countOf(missing),
    fault: 'cluster'
  }
}

function countOf(events: readonly CoreV1Event[]): number {
  return events.reduce((sum, { count = 1 }) => sum + count, 0)
}

function timeOf(event: CoreV1Event): number {
  const time = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp
  return time === undefined ? 0 : new Date(time).getTime()
}
