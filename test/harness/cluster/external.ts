import { accessSync, constants, existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'

import { Api } from './api.js'
import { FIXED, type Cluster } from './cluster.js'
import { ClusterError } from './errors.js'
import { NODE_PORT } from './readiness.js'
import { PATH } from './run.js'

interface Service {
  readonly spec?: { readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[] }
}

interface Nodes {
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
}

/** A cluster that somebody else runs, after a look whether tests can work with it. */
export async function fromKubeconfig(path: string): Promise<Cluster> {
  const kubeconfig = resolve(path)
  if (!existsSync(kubeconfig)) throw new ClusterError(`There is no kubeconfig at ${kubeconfig}.`)
  const api = new Api(kubeconfig)
  const nodes = await api.get<Nodes>('/api/v1/nodes').catch((error: unknown) => {
    throw new ClusterError(`The cluster of ${kubeconfig} (${api.server}) cannot be used: ${String(error)}`, {
      cause: error
    })
  })
  const node = nodes?.items[0]?.metadata.name
  if (node === undefined) throw new ClusterError(`The cluster of ${kubeconfig} has no node.`)
  const service = await api.get<Service>('/api/v1/namespaces/kaniko-hooks/services/registry')
  if (service?.spec?.ports?.some(({ port, nodePort }) => port === 5000 && nodePort === NODE_PORT) !== true)
    throw new ClusterError(
      `The cluster of ${kubeconfig} has no registry on node port ${NODE_PORT}: run \`kubectl apply -f examples/registry-nodeport.yaml\`.`
    )
  const kubectl = PATH.split(':')
    .map(directory => join(directory, 'kubectl'))
    .find(isExecutable)
  if (kubectl === undefined) throw new ClusterError('There is no kubectl in PATH.')
  const mirrored = await api.get('/api/v1/namespaces/kaniko-hooks/services/mirror')
  return {
    ...FIXED,
    kubeconfig,
    kubectl,
    server: api.server,
    gateway: ownAddress(),
    nodeName: node,
    mirror: mirrored === undefined ? 'index.docker.io' : FIXED.mirror,
    owned: false
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** With a cluster on other machines, pods reach this one by its address in the network. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}
