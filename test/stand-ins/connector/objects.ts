import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { loadAll } from 'js-yaml'

import { Api, pathOf, type KubernetesObject } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'

/** The cluster, as far as the emulator needs it: any with a kubeconfig. */
export type AnyCluster = Pick<Cluster, 'kubeconfig'>

/** The namespace of all that runs for connectors. */
export const SYSTEM = 'connectors-system'

export const CONNECTORS_API = 'connectors.alauda.io/v1alpha1'

/** The objects of a manifest beside this file, with other texts in the place of some. */
export async function manifest(
  file: string,
  changes: Readonly<Record<string, string>> = {}
): Promise<KubernetesObject[]> {
  let text = await readFile(join(import.meta.dirname, 'manifests', file), 'utf8')
  for (const [from, to] of Object.entries(changes)) text = text.replaceAll(from, to)
  return loadAll(text) as KubernetesObject[]
}

/** Makes objects as they are described, or changes them to that, in this order. */
export async function apply(cluster: AnyCluster, objects: readonly KubernetesObject[]): Promise<void> {
  const api = new Api(cluster.kubeconfig)
  for (const object of objects) {
    const path = `${pathOf(object)}?fieldManager=connector-emulator&force=true`
    const { status, body } = await api.request('PATCH', path, object, 'application/apply-patch+yaml')
    if (status !== 200 && status !== 201) throw refused(`${object.kind} ${object.metadata.name}`, status, body)
  }
}

/** Deletes objects, the last first; what is not there is deleted already. */
export async function remove(cluster: AnyCluster, objects: readonly KubernetesObject[]): Promise<void> {
  const api = new Api(cluster.kubeconfig)
  for (const object of [...objects].reverse()) await api.delete(pathOf(object))
}

/** All connectors, as `namespace/name`; none before the kind is known. */
export async function connectorNames(cluster: AnyCluster): Promise<string[]> {
  const list = await new Api(cluster.kubeconfig).get<{ items: KubernetesObject[] }>(
    `/apis/${CONNECTORS_API}/connectors`
  )
  return (list?.items ?? []).map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`)
}

/** Changes a part of an object, or of its status. */
export async function patch(cluster: AnyCluster, path: string, change: object): Promise<void> {
  const { status, body } = await new Api(cluster.kubeconfig).request(
    'PATCH',
    path,
    change,
    'application/merge-patch+json'
  )
  if (status !== 200) throw refused(path, status, body)
}

export function refused(what: string, status: number, body: unknown): Error {
  const { message } = body as { readonly message?: string }
  return new Error(`${what} was not accepted (${status}): ${message ?? JSON.stringify(body).slice(0, 300)}`)
}

/** A Secret of texts. */
export function secret(
  namespace: string,
  name: string,
  type: string,
  data: Readonly<Record<string, string>>
): KubernetesObject {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type,
    data: Object.fromEntries(encoded) as unknown
  }
}
