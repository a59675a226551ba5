import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from '@kubernetes/client-node'

/** The status of a pod on a node whose containers all run; its init containers have ended well. */
export function running(pod: V1Pod): V1PodStatus {
  return {
    phase: 'Running',
    podIP: '10.0.0.7',
    initContainerStatuses: statuses(pod, 'initContainers', () => terminated(0)),
    containerStatuses: statuses(pod, 'containers', () => ({ running: { startedAt: new Date() } }))
  }
}

/**
 * The status of a pod that does not start.
 *
 * @param reason the kubelet's word, such as `ErrImagePull`
 */
export function waiting(pod: V1Pod, reason: string, message: string): V1PodStatus {
  return {
    phase: 'Pending',
    containerStatuses: statuses(pod, 'containers', () => ({ waiting: { reason, message } }))
  }
}

/**
 * The status of a pod of which some containers have ended; the others run. A pod is finished when the last one has ended.
 *
 * @param codes the exit code by the container's name
 */
export function ended(pod: V1Pod, codes: Readonly<Record<string, number>>, reason?: string): V1PodStatus {
  const names = (pod.spec?.containers ?? []).map(({ name }) => name)
  const isFinished = names.every(name => codes[name] !== undefined)
  const isWell = Object.values(codes).every(code => code === 0)
  const alive = running(pod)
  return {
    ...alive,
    phase: isFinished ? (isWell ? 'Succeeded' : 'Failed') : 'Running',
    containerStatuses: statuses(pod, 'containers', name => {
      const code = codes[name]
      return code === undefined ? { running: { startedAt: new Date() } } : terminated(code, reason)
    })
  }
}

function terminated(exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): V1ContainerState {
  return { terminated: { exitCode, reason, startedAt: new Date(), finishedAt: new Date() } }
}

function statuses(
  pod: V1Pod,
  kind: 'containers' | 'initContainers',
  stateOf: (container: string) => V1ContainerState
): V1ContainerStatus[] {
  return (pod.spec?.[kind] ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: '',
    ready: true,
    restartCount: 0,
    state: stateOf(name)
  }))
}
