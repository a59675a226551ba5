import type { Cluster } from '../../harness/cluster/index.js'
import { example } from './example.js'
import { create, nodeAddress, nodePortsOf, secretOf, waitUntilReady } from './objects.js'
import type { Registry } from './registry.js'
import { runningRegistry } from './running-registry.js'
import { htpasswd, newUsers } from './users.js'

export interface DistributionOptions {
  /** Tells the registries of a namespace apart; default: `registry`. */
  readonly name?: string
  /** Of distribution; default: 2, as in the examples. */
  readonly version?: 2 | 3
  /** Whether it deletes; default: true. */
  readonly deletes?: boolean
}

/**
 * The registry of `examples/registry-nodeport.yaml`, or with `auth` that of `registry-nodeport-auth.yaml`: plain HTTP, one
 * name in the cluster and another on the node. All users have all rights.
 */
export async function nodePortRegistry(
  cluster: Cluster,
  namespace: string,
  options: DistributionOptions & { readonly auth?: boolean } = {}
): Promise<Registry> {
  const { name = 'registry', auth = false } = options
  const users = auth ? newUsers() : undefined
  const file = auth ? 'registry-nodeport-auth.yaml' : 'registry-nodeport.yaml'
  const changes = { namespace, name, ...serverOf(cluster, options) }
  const passwords =
    users === undefined ? [] : [secretOf(namespace, `${name}-users`, { htpasswd: await htpasswd(users) })]
  const undo = await create(cluster, [...passwords, ...(await example(file, changes))])
  await waitUntilReady(cluster, namespace, name)
  const { registry: nodePort = 0 } = await nodePortsOf(cluster, namespace, name)
  return runningRegistry({
    cluster,
    namespace,
    name,
    pushHost: `${name}.${namespace}.svc.cluster.local:5000`,
    pullHost: `localhost:${nodePort}`,
    endpoint: {
      url: `http://${await nodeAddress(cluster)}:${nodePort}`,
      ...(users === undefined ? {} : { credentials: users.admin })
    },
    ...(users === undefined ? {} : { users }),
    undo: [undo]
  })
}

/** The image and the environment that the options stand for. */
export function serverOf(
  { images }: Cluster,
  { version = 2, deletes = true }: DistributionOptions
): { readonly image: string; readonly env: Readonly<Record<string, null>> } {
  return {
    image: version === 2 ? images.registry : images.distribution,
    env: deletes ? {} : { REGISTRY_STORAGE_DELETE_ENABLED: null }
  }
}
