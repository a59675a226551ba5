import type { KubernetesObject } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'
import { createAuthority, type Authority } from './authority.js'
import { example, type Changes } from './example.js'
import { serverOf, type DistributionOptions } from './nodeport-registry.js'
import { create, nodeAddress, nodePortsOf, secretOf, waitUntilReady } from './objects.js'
import type { Registry, Users } from './registry.js'
import { runningRegistry } from './running-registry.js'
import { trustCertificateAuthority } from './trust.js'
import { htpasswd, newUsers } from './users.js'

export interface TlsOptions {
  /** Default: one of its own. */
  readonly authority?: Authority
  /** Whether the node's container runtime knows the authority; default: true. */
  readonly trusted?: boolean
}

/**
 * The registry of `examples/registry-tls.yaml`: HTTPS with the certificate of a private authority, passwords, and one name
 * for all, the node's address with the node port. All users have all rights.
 */
export async function tlsRegistry(
  cluster: Cluster,
  namespace: string,
  options: DistributionOptions & TlsOptions = {}
): Promise<Registry> {
  const users = newUsers()
  const { name = 'registry' } = options
  const passwords = secretOf(namespace, `${name}-users`, { htpasswd: await htpasswd(users) })
  return startWithTls(cluster, namespace, { ...options, users, env: {}, needs: [passwords] })
}

interface Start extends DistributionOptions, TlsOptions {
  readonly users: Users
  /** Further environment of the server. */
  readonly env: NonNullable<Changes['env']>
  readonly without?: readonly string[]
  /** Objects that its pod needs. */
  readonly needs: readonly KubernetesObject[]
}

/** Starts the registry of the TLS example with some environment of its own. */
export async function startWithTls(cluster: Cluster, namespace: string, start: Start): Promise<Registry> {
  const { name = 'registry', users } = start
  const authority = start.authority ?? (await createAuthority())
  const ca = authority.certificate
  const server = serverOf(cluster, start)
  const objects = await example('registry-tls.yaml', {
    namespace,
    name,
    image: server.image,
    env: { ...server.env, ...start.env },
    without: start.without ?? []
  })
  const address = await nodeAddress(cluster)
  const { certificate, key } = await authority.issue([`IP:${address}`])
  const files = secretOf(namespace, `${name}-tls`, { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': ca })
  const undo = [await create(cluster, [files, ...start.needs, ...objects])]
  const { registry: nodePort = 0 } = await nodePortsOf(cluster, namespace, name)
  const host = `${address}:${nodePort}`
  if (start.trusted !== false) undo.push(await trustCertificateAuthority(cluster, host, ca))
  await waitUntilReady(cluster, namespace, name)
  return runningRegistry({
    cluster,
    namespace,
    name,
    pushHost: host,
    pullHost: host,
    endpoint: { url: `https://${host}`, ca, credentials: users.admin },
    users,
    undo
  })
}
