import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { driverAdvice } from './missing-driver.js'
import type { PodProblem } from './pod-problem.js'
import { condition, containerSpec, containerStatus, isInitContainer, podLabel } from './pod-status.js'

/** What its node does for a pod before a container begins: volumes and network. Kubernetes before 1.29 does not tell. */
export function isBeforeSandbox(pod: V1Pod): boolean {
  return condition(pod, 'PodReadyToStartContainers', 'False') !== undefined
}

export function driversOf(pod: V1Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ csi }) => csi?.driver ?? [])
}

/**
 * How far a pod got that takes long and of which nobody complains, as far as its status tells. What failed on the way
 * stands in events, which the stock role may not read.
 *
 * @param mayReadEvents whether events were looked at, in vain
 * @returns always the same words for the same state, so that they are told once
 */
export function slowStart(pod: V1Pod, mayReadEvents: boolean): PodProblem {
  const problem = (reason: string, message: string): PodProblem => ({
    fatal: 'wait',
    reason,
    message,
    fault: 'cluster'
  })
  const label = podLabel(pod)
  if (condition(pod, 'PodScheduled', 'True') === undefined) {
    const scheduler = pod.spec?.schedulerName ?? 'default-scheduler'
    return problem(
      'NotScheduled',
      `No scheduler has looked at ${label}: is there one called ${scheduler} in the cluster, and does it run?`
    )
  }
  const node = pod.spec?.nodeName ?? '?'
  if (pod.status?.startTime === undefined && pod.status?.containerStatuses === undefined) {
    return problem('NotAccepted', `Node ${node} has not taken up ${label}: is it Ready ("kubectl get node ${node}")?`)
  }
  if (isBeforeSandbox(pod)) return problem('NotReadyToStartContainers', beforeSandbox(pod, mayReadEvents))
  const status = firstNotStarted(pod)
  const container = `container "${status?.name ?? '?'}" of ${label}`
  if (status !== undefined && isInitContainer(pod, status.name) && status.state?.running !== undefined) {
    return problem('PodInitializing', `The init ${container} still runs; the others start behind it.`)
  }
  return problem(
    status?.state?.waiting?.reason ?? 'ContainerCreating',
    `The image "${status?.image ?? '?'}" for ${container} is most likely still being pulled to node ${node}.`
  )
}

function beforeSandbox(pod: V1Pod, mayReadEvents: boolean): string {
  const drivers = driversOf(pod).join(', ')
  const which = drivers === '' ? '' : ` (by the CSI driver ${drivers})`
  const advice = drivers === '' ? '' : ` The driver refuses, or: ${driverAdvice(pod, drivers)}`
  const events = mayReadEvents
    ? 'No event tells more.'
    : 'Events tell, but the runner may not read them: look with "kubectl describe pod", or grant it list on events.'
  return (
    `The ${podLabel(pod)} does not start: most likely a volume cannot be mounted${which}, or its network set up. ` +
    `${events}${advice}`
  )
}

/** Containers start one after the other, in the order of the pod, each when its image is there. */
function firstNotStarted(pod: V1Pod): V1ContainerStatus | undefined {
  const { initContainers = [], containers = [] } = pod.spec ?? {}
  const specs = [...initContainers, ...containers]
  return specs
    .map(({ name }) => containerStatus(pod, name))
    .find(status => status !== undefined && !isPast(pod, status))
}

/** The next container need not wait for it. The kubelet calls an init container started as soon as it runs. */
function isPast(pod: V1Pod, { name, state, started }: V1ContainerStatus): boolean {
  if (state?.terminated !== undefined) return true
  if (state?.running === undefined) return false
  return !isInitContainer(pod, name) || (containerSpec(pod, name)?.restartPolicy === 'Always' && started === true)
}
