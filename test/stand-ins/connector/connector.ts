import type { V1Deployment, V1NodeList, V1Service } from '@kubernetes/client-node'

import { Api, type KubernetesObject, pathOf } from '../../harness/cluster/api.js'
import { request } from '../registries/request.js'
import { together } from './alone.js'
import type { Knobs, ProxyLine } from './knobs.js'
import { apply, CONNECTORS_API, patch, remove, secret, SYSTEM, type AnyCluster } from './objects.js'
import { proxyName, proxyObjects, serviceName } from './proxy.js'
import { statusOf, type AddressForm, type NotReady } from './status.js'
import { troubleOf } from './trouble.js'
import { until } from './wait.js'

/** The registry behind a connector, and what only the proxy may know of it. */
export interface Upstream {
  /** With its scheme. */
  readonly address: string
  /** The authority of its certificate, as PEM. */
  readonly ca?: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

export interface ConnectorOptions {
  readonly name: string
  /** Default: what the Connector that is there already says. Only its proxy and its status are made then. */
  readonly upstream?: Upstream
  /** Default: oci. */
  readonly connectorClass?: 'oci' | 'harbor'
  /** What the status says of the proxy's place; default: exposed. Its node port is open in any case. */
  readonly form?: AddressForm
  /** Where the credential lies; default: in the connector's namespace. */
  readonly secretNamespace?: string
  readonly knobs?: Partial<Knobs>
  /** Default: the test cluster's own. */
  readonly image?: string
  /** An address of a node, for an exposed status; default: the first one's InternalIP. */
  readonly node?: string
  /** Where nodes listen for its proxy; default: the API server chooses. */
  readonly nodePort?: number
}

/** A Connector with its proxy. */
export interface Connector {
  readonly namespace: string
  readonly name: string
  /** What its status says, by form. */
  readonly urls: Readonly<Record<Exclude<AddressForm, 'none'>, string>>
  /** Before repositories, with a slash at its end; empty when the host selects the connector. */
  readonly prefix: string
  /** `host[:port]` for pods. */
  readonly pushHost: string
  /** `localhost:port`: for the kubelet of a node that trusts no address over plain HTTP. */
  readonly pullHost: string
  /** `address:port` of a node, as an exposed status has it. */
  readonly nodeHost: string
  /** Every request since the start or the last {@link forgetRequests}. */
  requests(): Promise<ProxyLine[]>
  forgetRequests(): Promise<void>
  /** Changes some knobs of the running proxy. */
  setKnobs(knobs: Partial<Knobs>): Promise<void>
  /** Sets all as they were at the start. */
  resetKnobs(): Promise<void>
  /** Writes the status, as the vendor's controller would; a URL is that of an ingress before the proxy. */
  setStatus(address: AddressForm | URL, notReady?: NotReady): Promise<void>
  /** Lets mounts wait for an approval, refuses it, or neither. */
  setApproval(approval: 'pending' | 'rejected' | null): Promise<void>
  /** Leads to another registry from now on. */
  setAddress(address: string): Promise<void>
  remove(): Promise<void>
}

const IMAGE = 'kaniko-hooks.test/connector:1'
const READY_SECONDS = 60
const SECRETS = {
  oci: { auth: 'tokenAuth', type: 'cpaas.io/distribution-registry-token' },
  harbor: { auth: 'basicAuth', type: 'kubernetes.io/basic-auth' }
}

/**
 * Makes a Connector with its Secrets, its service and its proxy, and writes its status. It waits for a test that has
 * taken the driver away.
 *
 * @throws when no upstream is given and there is no such Connector
 */
export async function createConnector(
  cluster: AnyCluster,
  namespace: string,
  options: ConnectorOptions
): Promise<Connector> {
  const { name, upstream, form = 'exposed', knobs = {}, image = IMAGE, nodePort } = options
  const own = pathOf({ apiVersion: CONNECTORS_API, kind: 'Connector', metadata: { name, namespace } })
  if (upstream === undefined && (await new Api(cluster.kubeconfig).get(own)) === undefined)
    throw new Error(`There is no Connector ${namespace}/${name}, and no registry's address to make it with.`)
  const initial: Partial<Knobs> = form === 'host' ? { resolver: 'host', ...knobs } : knobs
  const made = upstream === undefined ? [] : connectorObjects(namespace, { ...options, upstream })
  const objects = [
    ...made,
    ...proxyObjects(namespace, name, { image, knobs: initial, ...(nodePort === undefined ? {} : { nodePort }) })
  ]
  await together(cluster, () => apply(cluster, objects))
  const proxy = proxyName(namespace, name)
  await until(
    `The proxy of connector ${namespace}/${name} is ready`,
    READY_SECONDS,
    () => isReady(cluster, proxy),
    () => troubleOf(cluster, proxy)
  )
  const address = options.node ?? (await nodeAddress(cluster))
  const ports = await nodePorts(cluster, proxy)
  const nodeHost = `${address}:${ports.http}`
  const serviceHost = `${serviceName(name)}.${namespace}.svc.cluster.local`
  const path = `namespaces/${namespace}/connectors/${name}`
  const urls = {
    exposed: `http://${nodeHost}/${path}`,
    unexposed: `http://${serviceHost}/${path}`,
    host: `http://${serviceHost}`
  }
  const urlOf = (to: AddressForm | URL) => (to instanceof URL ? to.href : to === 'none' ? undefined : urls[to])
  const setStatus = (to: AddressForm | URL, notReady?: NotReady) =>
    patch(cluster, `${own}/status`, { status: statusOf(urlOf(to), notReady) })
  const admin = async (method: string, what: string, body?: unknown) => {
    const url = `http://${address}:${ports.admin}/${what}`
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    // A node port opens somewhat later than its pod is ready.
    const answer = await until(`The port of ${proxy} at ${address} is open`, 20, () =>
      request(url, { method, ...content }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined
        throw error
      })
    )
    if (answer.status >= 300) throw new Error(`${method} ${what} of ${proxy}: ${answer.status} ${answer.body}`)
    return answer.body
  }
  await setStatus(form)
  return {
    namespace,
    name,
    urls,
    prefix: initial.resolver === 'host' ? '' : `${path}/`,
    pushHost: form === 'exposed' ? nodeHost : serviceHost,
    pullHost: `localhost:${ports.http}`,
    nodeHost,
    requests: async () => JSON.parse(await admin('GET', 'requests')) as ProxyLine[],
    forgetRequests: async () => {
      await admin('DELETE', 'requests')
    },
    setKnobs: async changed => {
      await admin('PATCH', 'knobs', changed)
    },
    resetKnobs: async () => {
      await admin('DELETE', 'knobs')
    },
    setStatus,
    setApproval: approval =>
      patch(cluster, own, { metadata: { annotations: { 'connector-emulator/approval': approval } } }),
    setAddress: to => patch(cluster, own, { spec: { address: to } }),
    remove: () => remove(cluster, objects)
  }
}

/** Deletes a connector with all that {@link createConnector} made, known by its names alone. */
export async function deleteConnector(cluster: AnyCluster, namespace: string, name: string): Promise<void> {
  const upstream = { address: 'https://any', ca: 'any', credentials: { username: 'any', password: 'any' } }
  await remove(cluster, [
    ...connectorObjects(namespace, { name, upstream }),
    ...proxyObjects(namespace, name, { image: IMAGE })
  ])
}

function connectorObjects(
  namespace: string,
  options: ConnectorOptions & { readonly upstream: Upstream }
): KubernetesObject[] {
  const { name, upstream, connectorClass = 'oci', secretNamespace = namespace } = options
  const { auth, type } = SECRETS[connectorClass]
  const { ca, credentials } = upstream
  return [
    ...(credentials === undefined ? [] : [secret(secretNamespace, `${name}-upstream`, type, { ...credentials })]),
    ...(ca === undefined ? [] : [secret(namespace, `${name}-ca`, 'Opaque', { 'ca.crt': ca })]),
    {
      apiVersion: CONNECTORS_API,
      kind: 'Connector',
      metadata: { name, namespace },
      spec: {
        connectorClassName: connectorClass,
        address: upstream.address,
        auth: {
          name: auth,
          ...(credentials === undefined ? {} : { secretRef: { name: `${name}-upstream`, namespace: secretNamespace } })
        },
        ...(ca === undefined ? {} : { caCertSecretRef: { name: `${name}-ca` } })
      }
    }
  ]
}

async function isReady(cluster: AnyCluster, proxy: string): Promise<true | undefined> {
  const path = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/${proxy}`
  const deployment = await new Api(cluster.kubeconfig).get<V1Deployment>(path)
  const { observedGeneration, updatedReplicas, readyReplicas } = deployment?.status ?? {}
  if (deployment?.metadata?.generation !== observedGeneration) return undefined
  return updatedReplicas === 1 && readyReplicas === 1 ? true : undefined
}

/** An address of a node that pods, nodes and this machine reach alike: node ports are open there. */
async function nodeAddress(cluster: AnyCluster): Promise<string> {
  const nodes = await new Api(cluster.kubeconfig).get<V1NodeList>('/api/v1/nodes')
  const addresses = nodes?.items.flatMap(({ status }) => status?.addresses ?? []) ?? []
  const address = addresses.find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined) throw new Error('no node has an InternalIP')
  return address
}

async function nodePorts(
  cluster: AnyCluster,
  proxy: string
): Promise<{ readonly http: number; readonly admin: number }> {
  const path = `/api/v1/namespaces/${SYSTEM}/services/${proxy}`
  const service = await new Api(cluster.kubeconfig).get<V1Service>(path)
  const portOf = (name: string) => service?.spec?.ports?.find(port => port.name === name)?.nodePort ?? 0
  return { http: portOf('http'), admin: portOf('admin') }
}
