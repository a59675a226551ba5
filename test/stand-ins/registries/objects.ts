import { once } from 'node:events'
import { connect } from 'node:net'

import type { V1Node, V1Pod, V1Service } from '@kubernetes/client-node'

import { Api, pathOf, type KubernetesObject } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'
import { until } from '../../harness/cluster/wait.js'

/** The label that says which registry a pod belongs to. */
export const NAME_LABEL = 'app.kubernetes.io/name'

/** A pod has so long to be ready: its image lies on the node already. */
const READY_SECONDS = 60

/** Takes something back that was made. */
export type Undo = () => Promise<void>

/**
 * Takes back what was made, the last first. What cannot be taken back keeps nothing else from it.
 *
 * @throws what went wrong, after all
 */
export async function undoAll(steps: readonly Undo[]): Promise<void> {
  const problems: unknown[] = []
  for (const step of [...steps].reverse()) {
    try {
      await step()
    } catch (problem) {
      problems.push(problem)
    }
  }
  if (problems.length > 0) throw new AggregateError(problems, problems.map(String).join('; '))
}

/** Makes objects, in this order. */
export async function create(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<Undo> {
  const api = new Api(cluster.kubeconfig)
  for (const object of objects) await api.apply(object)
  return async () => {
    for (const object of [...objects].reverse()) await api.delete(pathOf(object))
  }
}

/** The node ports of a service, by the names of its ports. */
export async function nodePortsOf(
  cluster: Cluster,
  namespace: string,
  name: string
): Promise<Readonly<Record<string, number>>> {
  const service = await new Api(cluster.kubeconfig).get<V1Service>(`/api/v1/namespaces/${namespace}/services/${name}`)
  const ports = service?.spec?.ports ?? []
  return Object.fromEntries(ports.map(({ name: port = '', nodePort = 0 }) => [port, nodePort]))
}

/** An address of a node that pods, the nodes and this machine reach alike: node ports are open there. */
export async function nodeAddress(cluster: Cluster): Promise<string> {
  const node = await new Api(cluster.kubeconfig).get<V1Node>(`/api/v1/nodes/${cluster.nodeName}`)
  const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined) throw new Error(`the node ${cluster.nodeName} has no InternalIP`)
  return address
}

/**
 * Waits for the pod of a registry or program, and until its node ports lead there: kube-proxy hears of a ready pod a
 * moment after we do. Says what keeps it when it takes too long.
 */
export async function waitUntilReady(cluster: Cluster, namespace: string, name: string): Promise<void> {
  let status: V1Pod['status']
  const check = async (): Promise<boolean> => {
    status = (await podsOf(cluster, namespace, name))[0]?.status
    return isReady(status)
  }
  await until(`the pod of ${name}`, READY_SECONDS, check).catch((error: unknown) => {
    throw new Error(`${String(error)} ${JSON.stringify(status ?? 'no pod')}`)
  })
  const address = await nodeAddress(cluster)
  const ports = Object.values(await nodePortsOf(cluster, namespace, name))
  await Promise.all(ports.map(port => until(`port ${port} of ${name}`, READY_SECONDS, () => connects(address, port))))
}

/** Whether a pod is ready, by its status. */
export function isReady(status: V1Pod['status']): boolean {
  return status?.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True') === true
}

async function connects(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}

/** The log of a registry's pod. */
export async function logOf(cluster: Cluster, namespace: string, name: string): Promise<string> {
  const [pod] = await podsOf(cluster, namespace, name)
  const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata?.name ?? ''}/log`
  const { status, body } = await new Api(cluster.kubeconfig).request('GET', path)
  if (status !== 200) throw new Error(`the log of ${name} cannot be read: ${JSON.stringify(body)}`)
  return String(body)
}

async function podsOf(cluster: Cluster, namespace: string, name: string): Promise<V1Pod[]> {
  const selector = encodeURIComponent(`${NAME_LABEL}=${name}`)
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`
  const list = await new Api(cluster.kubeconfig).get<{ items: V1Pod[] }>(path)
  return (list?.items ?? []).filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
}

/** A Secret of files. */
export function secretOf(namespace: string, name: string, files: Readonly<Record<string, string>>): KubernetesObject {
  const data = Object.entries(files).map(([file, content]) => [file, Buffer.from(content).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(data) as unknown
  }
}
