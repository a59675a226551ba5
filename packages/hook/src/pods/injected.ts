import type { V1Pod } from '@kaniko-hooks/kube'

/**
 * A pod without the containers that a webhook has put into it (a proxy of a mesh, an agent): a job waits for what the workflow
 * and the hook template ask for, and for nothing else.
 *
 * @param made as it was sent
 */
export function withoutInjected(pod: V1Pod, made: V1Pod): V1Pod {
  const ours = new Set(made.spec?.containers.map(({ name }) => name))
  const isOurs = ({ name }: { readonly name: string }): boolean => ours.has(name)
  const { spec, status } = pod
  return {
    ...pod,
    ...(spec && { spec: { ...spec, containers: spec.containers.filter(isOurs) } }),
    ...(status && { status: { ...status, containerStatuses: (status.containerStatuses ?? []).filter(isOurs) } })
  }
}
