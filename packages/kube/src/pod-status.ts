import type { V1Container, V1ContainerStatus, V1Pod, V1PodCondition } from '@kubernetes/client-node'

/** The statuses of all containers, init containers first. */
export function containerStatuses(pod: V1Pod): readonly V1ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
}

/** The status of one container, also of an init container. */
export function containerStatus(pod: V1Pod, container: string): V1ContainerStatus | undefined {
  return containerStatuses(pod).find(status => status.name === container)
}

export function containerSpec(pod: V1Pod, container: string): V1Container | undefined {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(({ name }) => name === container)
}

export function isInitContainer(pod: V1Pod, container: string): boolean {
  return pod.spec?.initContainers?.some(({ name }) => name === container) ?? false
}

/** The condition of this type when it has this status. */
export function condition(pod: V1Pod, type: string, status: 'True' | 'False'): V1PodCondition | undefined {
  return pod.status?.conditions?.find(candidate => candidate.type === type && candidate.status === status)
}

/** True when all containers have ended for good. */
export function isFinished(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** `pod "a"`, for messages. */
export function podLabel(pod: V1Pod): string {
  return `pod "${pod.metadata?.name ?? '?'}"`
}

/** Any of its containers has begun. */
export function hasBegun(status: V1ContainerStatus): boolean {
  const { state, lastState, restartCount } = status
  return (
    state?.running !== undefined ||
    state?.terminated !== undefined ||
    lastState?.terminated !== undefined ||
    restartCount > 0
  )
}
