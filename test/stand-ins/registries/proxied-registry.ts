import type { Cluster } from '../../harness/cluster/index.js'
import type { Authority } from './authority.js'
import type { DeleteRules, Fault, FaultCount, ProxyConfig, ProxyControl, ProxyRequestLine } from './faults.js'
import { create, nodeAddress, nodePortsOf, undoAll, waitUntilReady } from './objects.js'
import { FILES, podOf, serviceOf } from './program.js'
import type { Registry } from './registry.js'
import { request } from './request.js'
import { trustCertificateAuthority } from './trust.js'

/** A registry with a proxy before it that answers in its place when a test wants it. */
export interface ProxiedRegistry extends Registry {
  /** Every request since the start or the last {@link forgetRequests}, in order. */
  requests(): Promise<ProxyRequestLine[]>
  forgetRequests(): Promise<void>
  /** What goes wrong from now on; each request meets the first fault that fits and is not used up. Counts start at 0. */
  setFaults(faults: readonly Fault[]): Promise<void>
  /** The faults, with how many requests each met. */
  faults(): Promise<readonly FaultCount[]>
  /** As which service it answers deletions from now on; null: as the registry behind. */
  setDeleteRules(rules: DeleteRules | null): Promise<void>
}

export interface ProxyOptions {
  /** Default: `proxy`. */
  readonly name?: string
  /** With one it speaks HTTPS under one name for all; without it plain HTTP, as a NodePort registry. */
  readonly authority?: Authority
  /** Default: those of the registry behind. */
  readonly deleteRules?: DeleteRules
}

const PORTS = { registry: 5000, control: 5001 }

/** Puts a proxy before a registry, which stays what it is and keeps its own names. Users and images are the registry's. */
export async function proxiedRegistry(
  cluster: Cluster,
  namespace: string,
  behind: Pick<Registry, 'pushHost' | 'ca' | 'users' | 'images'>,
  { name = 'proxy', authority, deleteRules }: ProxyOptions = {}
): Promise<ProxiedRegistry> {
  const address = await nodeAddress(cluster)
  const certificate = await authority?.issue([`IP:${address}`])
  const config: ProxyConfig = {
    port: PORTS.registry,
    controlPort: PORTS.control,
    ...(certificate === undefined ? {} : { tls: { certificate: `${FILES}/tls.crt`, key: `${FILES}/tls.key` } }),
    upstream: `${behind.ca === undefined ? 'http' : 'https'}://${behind.pushHost}`,
    ...(behind.ca === undefined ? {} : { upstreamAuthority: `${FILES}/upstream.crt` }),
    deleteRules: deleteRules ?? null
  }
  const program = {
    namespace,
    name,
    program: 'proxy',
    args: [JSON.stringify(config)],
    files: {
      ...(certificate === undefined ? {} : { 'tls.crt': certificate.certificate, 'tls.key': certificate.key }),
      ...(behind.ca === undefined ? {} : { 'upstream.crt': behind.ca })
    },
    ports: PORTS
  } as const
  const undo = [await create(cluster, [serviceOf(program), ...(await podOf(cluster, program))])]
  const { registry: port = 0, control: controlPort = 0 } = await nodePortsOf(cluster, namespace, name)
  const host = `${address}:${port}`
  if (authority !== undefined) undo.push(await trustCertificateAuthority(cluster, host, authority.certificate))
  await waitUntilReady(cluster, namespace, name)

  const control = `http://${address}:${controlPort}`
  const read = async <P extends keyof ProxyControl>(path: P): Promise<ProxyControl[P]> =>
    JSON.parse((await request(`${control}${path}`)).body) as ProxyControl[P]
  const write = async (path: keyof ProxyControl, value: unknown): Promise<void> => {
    await request(`${control}${path}`, { method: 'PUT', body: JSON.stringify(value) })
  }
  return {
    ...(authority === undefined
      ? { pushHost: `${name}.${namespace}.svc.cluster.local:${PORTS.registry}`, pullHost: `localhost:${port}` }
      : { pushHost: host, pullHost: host, ca: authority.certificate }),
    ...(behind.users === undefined ? {} : { users: behind.users }),
    images: () => behind.images(),
    requests: async () => [...(await read('/requests'))],
    forgetRequests: () => write('/requests', []),
    setFaults: faults => write('/faults', faults),
    faults: () => read('/faults'),
    setDeleteRules: rules => write('/delete-rules', rules),
    remove: () => undoAll(undo)
  }
}
