import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { V1Deployment, V1EnvVar } from '@kubernetes/client-node'
import { loadAll } from 'js-yaml'

import type { KubernetesObject } from '../../harness/cluster/api.js'
import { NAME_LABEL } from './objects.js'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')

/** What the objects of an example are changed to. */
export interface Changes {
  readonly namespace: string
  /** Takes the place of `registry` in all names, so that a namespace can have several. */
  readonly name: string
  /** Default: the example's. */
  readonly image?: string
  /** Environment of the server: a value, or null for none. */
  readonly env?: Readonly<Record<string, string | null>>
  /** Volumes that the server does not need then. */
  readonly without?: readonly string[]
}

/** The objects of a manifest in `examples/`, as a user would change them; the API server chooses the node port. */
export async function example(file: string, changes: Changes): Promise<KubernetesObject[]> {
  const objects = loadAll(await readFile(join(EXAMPLES, file), 'utf8')) as KubernetesObject[]
  return objects.filter(({ kind }) => kind !== 'Namespace').map(object => changed(object, changes))
}

function changed(object: KubernetesObject, changes: Changes): KubernetesObject {
  const { namespace, name } = changes
  const text = JSON.stringify({ ...object, metadata: { ...object.metadata, name, namespace } })
  const renamed = JSON.parse(text, (key, value: unknown) => {
    if (key === NAME_LABEL) return name
    if (key === 'nodePort') return undefined
    return key === 'secretName' ? String(value).replace(/^registry/, name) : value
  }) as KubernetesObject
  return renamed.kind === 'Deployment' ? withServer(renamed, changes) : renamed
}

function withServer(deployment: KubernetesObject, { image, env = {}, without = [] }: Changes): KubernetesObject {
  const pod = (deployment as V1Deployment).spec?.template.spec
  const server = pod?.containers[0]
  if (pod === undefined || server === undefined) throw new Error('the example has no container')
  if (image !== undefined) server.image = image
  server.env = [...(server.env ?? []).filter(({ name }) => !(name in env)), ...variables(env)]
  server.volumeMounts = (server.volumeMounts ?? []).filter(({ name }) => !without.includes(name))
  pod.volumes = (pod.volumes ?? []).filter(({ name }) => !without.includes(name))
  return deployment
}

function variables(env: Readonly<Record<string, string | null>>): V1EnvVar[] {
  return Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]))
}
