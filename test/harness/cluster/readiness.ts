import { Resolver } from 'node:dns/promises'
import { get } from 'node:http'

import type { Api } from './api.js'
import { DNS_SERVICE, ETCD_PORT, NODE_NAME } from './layout.js'

export const REGISTRY_HOST = 'registry.kaniko-hooks.svc.cluster.local'
export const MIRROR_HOST = 'mirror.kaniko-hooks.svc.cluster.local'
export const REGISTRY_PORT = 5000
export const NODE_PORT = 31500

/** What a registry without a password answers well. */
const REGISTRY = '/v2/'

interface Node {
  readonly spec?: { readonly taints?: readonly unknown[] }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly addresses?: readonly { readonly type: string }[]
  }
}

/** Whether etcd takes requests: the API server does not wait long for it. */
export function etcdAnswers(): Promise<boolean> {
  return answers('127.0.0.1', ETCD_PORT, '/health')
}

/** Whether the kubelet has made its node, with an address: kube-proxy goes on without one, and wrongly. */
export async function nodeHasAddress(api: Api): Promise<boolean> {
  const node = await api.get<Node>(`/api/v1/nodes/${NODE_NAME}`)
  return node?.status?.addresses?.some(({ type }) => type === 'InternalIP') ?? false
}

/** What has to hold before a test may start, by the name that an error calls it. */
export function checks(api: Api): Readonly<Record<string, () => Promise<boolean>>> {
  return {
    'The API server': () => serverIsReady(api),
    'The node': async () => {
      const node = await api.get<Node>(`/api/v1/nodes/${NODE_NAME}`)
      const ready = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
      return ready === true && (node?.spec?.taints ?? []).length === 0
    },
    'The default service account': async () =>
      (await api.get('/api/v1/namespaces/default/serviceaccounts/default')) !== undefined,
    'The name server': async () => (await addressOf(REGISTRY_HOST)) !== undefined,
    'The registry on its node port': () => answers('127.0.0.1', NODE_PORT, REGISTRY),
    'The mirror': async () => {
      const address = await addressOf(MIRROR_HOST)
      return address !== undefined && (await answers(address, REGISTRY_PORT, REGISTRY))
    }
  }
}

/** Whether the API server has started all its parts. */
export async function serverIsReady(api: Api): Promise<boolean> {
  return (await api.request('GET', '/readyz')).status === 200
}

/** The address of a service, as pods get it from the cluster's name server. */
async function addressOf(name: string): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([DNS_SERVICE])
  return (await resolver.resolve4(name))[0]
}

/** Whether a server answers well there. */
function answers(host: string, port: number, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, timeout: 1000, agent: false }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy(new Error(`${host}:${port} did not answer within a second`)))
    request.on('error', reject)
  })
}
