import type { V1ContainerStateWaiting, V1Pod } from '@kubernetes/client-node'

import { Api } from '../../harness/cluster/api.js'
import { SYSTEM, type AnyCluster } from './objects.js'

interface Warning {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly involvedObject: { readonly name?: string }
}

/** The pods of a DaemonSet or Deployment of the emulator. */
export async function podsOf(cluster: AnyCluster, name: string): Promise<V1Pod[]> {
  const selector = encodeURIComponent(`app.kubernetes.io/name=${name}`)
  const path = `/api/v1/namespaces/${SYSTEM}/pods?labelSelector=${selector}`
  return (await new Api(cluster.kubeconfig).get<{ items: V1Pod[] }>(path))?.items ?? []
}

/** What a pod's container waits for, when it is more than its turn. */
export function waitingOf({ status }: V1Pod): V1ContainerStateWaiting | undefined {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting
  return waiting?.reason === 'ContainerCreating' ? undefined : waiting
}

/**
 * Why a DaemonSet or Deployment of the emulator has not come up, in the words of the kubelet, the scheduler or the API
 * server; undefined when none of them says anything.
 */
export async function troubleOf(cluster: AnyCluster, name: string): Promise<string | undefined> {
  const waiting = (await podsOf(cluster, name)).map(waitingOf).find(state => state !== undefined)
  if (waiting !== undefined) return waiting.message ?? waiting.reason
  const last = (await warningsOf(cluster, name)).at(-1)
  return last === undefined ? undefined : `${last.reason ?? ''}: ${last.message ?? ''}`
}

/** What was said of a DaemonSet or Deployment of the emulator, or of its pods, that is not as it should be. */
export async function warningsOf(cluster: AnyCluster, name: string): Promise<Warning[]> {
  const path = `/api/v1/namespaces/${SYSTEM}/events`
  const events = (await new Api(cluster.kubeconfig).get<{ items: Warning[] }>(path))?.items ?? []
  return events.filter(({ type, involvedObject }) => {
    return type === 'Warning' && involvedObject.name?.startsWith(name) === true
  })
}
