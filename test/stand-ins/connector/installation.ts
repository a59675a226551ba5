import { dirname, join } from 'node:path'

import type { V1DaemonSet } from '@kubernetes/client-node'

import { Api, pathOf } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'
import { alone, together } from './alone.js'
import { apply, connectorNames, CONNECTORS_API, manifest, refused, remove, SYSTEM, type AnyCluster } from './objects.js'
import { troubleOf } from './trouble.js'
import { until } from './wait.js'

/** What all connectors of a cluster share. */
export interface Installation {
  /** The image that proxies run too. */
  readonly image: string
  /** Deletes it all; refuses while there are connectors, which would lose their proxies. */
  remove(): Promise<void>
}

export interface InstallOptions {
  /** The emulator's image; default: the test cluster's own. */
  readonly image?: string
  /** The kubelet's directory on the nodes; default: /var/lib/kubelet, or the test cluster's. */
  readonly kubelet?: string
}

const IMAGE = 'kaniko-hooks.test/connector:1'
const KUBELET = '/var/lib/kubelet'
const DRIVER = 'connectors-csi'
/** An image that has to be pulled first takes its time. */
const READY_SECONDS = 120

/** For a suite of tests: {@link install}, once no other suite has taken something away. */
export function installConnectors(cluster: Cluster): Promise<Installation> {
  return together(cluster, () => install(cluster))
}

/** Installs the kinds, the classes and the driver, or changes them to this version. What is there already stays as it is. */
export async function install(
  cluster: AnyCluster & Partial<Pick<Cluster, 'owned'>>,
  options: InstallOptions = {}
): Promise<Installation> {
  const { image = IMAGE, kubelet = kubeletOf(cluster) } = options
  const objects = await allObjects({ [IMAGE]: image, [KUBELET]: kubelet })
  await apply(cluster, objects.definitions)
  await until('The kinds of the connectors are served', 30, () => served(cluster))
  await apply(cluster, [...objects.classes, ...objects.system])
  await until(
    'The driver connectors-csi is on every node',
    READY_SECONDS,
    () => driverReady(cluster),
    () => troubleOf(cluster, DRIVER)
  )
  return { image, remove: () => uninstallConnectors(cluster) }
}

/** The kubelet's directory, when nobody says another. */
export function kubeletOf({ kubeconfig, owned }: AnyCluster & Partial<Pick<Cluster, 'owned'>>): string {
  return owned === true ? join(dirname(dirname(kubeconfig)), 'kubelet') : KUBELET
}

/**
 * Deletes what {@link install} made.
 *
 * @throws when there are connectors
 */
export async function uninstallConnectors(cluster: AnyCluster): Promise<void> {
  const left = await connectorNames(cluster)
  if (left.length > 0)
    throw new Error(`The connectors ${left.join(', ')} are still there: delete them before their proxies' namespace.`)
  const { definitions, classes, system } = await allObjects()
  // Without its kind a class cannot be asked for any more; it goes with it.
  await remove(cluster, [...definitions, ...system])
  const api = new Api(cluster.kubeconfig)
  for (const object of [...definitions, ...system])
    await until(`${object.kind} ${object.metadata.name} is gone`, 60, async () => {
      return (await api.get(pathOf(object))) === undefined ? true : undefined
    })
  for (const { kind, metadata } of classes)
    if ((await api.get(`/apis/${CONNECTORS_API}/connectorclasses/${metadata.name}`)) !== undefined)
      throw new Error(`${kind} ${metadata.name} is still there`)
}

/**
 * Takes the driver from all nodes and lets the cluster forget it, once nobody else has a connector.
 *
 * @param own the namespace of connectors that are left without a driver on purpose
 * @returns brings it back; suites that have waited for it can go on then
 */
export async function removeDriver(cluster: Cluster, own: string): Promise<() => Promise<void>> {
  const letOthersIn = await alone(cluster, [own])
  const bringBack = async (): Promise<void> => {
    await install(cluster)
    letOthersIn()
  }
  await takeAway(cluster).catch(async (error: unknown) => {
    await bringBack()
    throw error
  })
  return bringBack
}

async function takeAway(cluster: AnyCluster): Promise<void> {
  const { system } = await allObjects()
  await remove(
    cluster,
    system.filter(({ kind }) => kind === 'DaemonSet' || kind === 'CSIDriver')
  )
  await until('The driver connectors-csi is on no node', 60, async () => {
    return (await driverNodes(cluster)).length === 0 ? true : undefined
  })
}

/** Nodes that the driver is registered on. */
export async function driverNodes(cluster: AnyCluster): Promise<string[]> {
  const list = await new Api(cluster.kubeconfig).get<{ items: CsiNode[] }>('/apis/storage.k8s.io/v1/csinodes')
  const nodes = (list?.items ?? []).filter(({ spec }) => spec.drivers?.some(({ name }) => name === DRIVER))
  return nodes.map(({ metadata }) => metadata.name)
}

interface CsiNode {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly drivers?: readonly { readonly name: string }[] | null }
}

async function allObjects(changes: Readonly<Record<string, string>> = {}) {
  const [definitions, classes, system] = await Promise.all(
    ['definitions.yaml', 'classes.yaml', 'system.yaml'].map(file => manifest(file, changes))
  )
  return { definitions: definitions ?? [], classes: classes ?? [], system: system ?? [] }
}

async function served(cluster: AnyCluster): Promise<true | undefined> {
  const api = new Api(cluster.kubeconfig)
  for (const kind of ['connectors', 'connectorclasses']) {
    const { status, body } = await api.request('GET', `/apis/${CONNECTORS_API}/${kind}`)
    if (status === 404) return undefined
    if (status !== 200) throw refused(kind, status, body)
  }
  return true
}

async function driverReady(cluster: AnyCluster): Promise<true | undefined> {
  const path = `/apis/apps/v1/namespaces/${SYSTEM}/daemonsets/${DRIVER}`
  const set = await new Api(cluster.kubeconfig).get<V1DaemonSet>(path)
  const { observedGeneration, desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated } = set?.status ?? {}
  if (set?.metadata?.generation !== observedGeneration || updated !== wanted || wanted === 0) return undefined
  return set?.status?.numberReady === wanted && (await driverNodes(cluster)).length >= wanted ? true : undefined
}
