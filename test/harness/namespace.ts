import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Cluster } from './cluster/index.js'
import { Api } from './cluster/api.js'
import { apply } from './kubectl.js'

/** A namespace of a test's own; everything in it goes with it. */
export interface Namespace {
  readonly name: string
  readonly delete: () => Promise<void>
}

/**
 * Makes a namespace.
 *
 * @param podSecurity the PodSecurity level that it enforces
 */
export async function createNamespace(
  cluster: Cluster,
  prefix: string,
  podSecurity: 'privileged' | 'baseline' | 'restricted' = 'baseline'
): Promise<Namespace> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': podSecurity, 'kaniko-hooks/test': 'true' } }
  })
  return {
    name,
    delete: async () => {
      await new Api(cluster.kubeconfig).delete(`/api/v1/namespaces/${name}`)
    }
  }
}

interface Named {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string
      readonly deletionTimestamp?: string
      readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
    }
  }[]
}

/** What a hook makes, and where it lies in a namespace. */
const KINDS = { pod: 'api/v1', job: 'apis/batch/v1', secret: 'api/v1' } as const

/** A pod that was deleted has so long to be gone. */
const END_MS = 30_000

/**
 * What the hook left in a namespace: pods, Jobs and Secrets, but for the runner pods themselves.
 *
 * @param runner only what has this runner pod's name before its own
 */
export async function leftIn(
  cluster: Cluster,
  namespace: string,
  runnerPods: readonly string[],
  runner?: string
): Promise<string[]> {
  const prefix = runner === undefined ? '' : `${runner}-`
  const until = Date.now() + END_MS
  const api = new Api(cluster.kubeconfig)
  for (;;) {
    const lists = await Promise.all(
      Object.entries(KINDS).map(async ([kind, group]) => {
        const list = await api.get<Named>(`/${group}/namespaces/${namespace}/${kind}s`)
        if (list === undefined) throw new Error(`the API server knows no ${kind}s of ${group}`)
        return list.items.map(({ metadata }) => ({ kind, metadata }))
      })
    )
    const left = lists.flat().filter(({ kind, metadata: { name } }) => {
      return name.startsWith(prefix) && !(kind === 'pod' && runnerPods.includes(name))
    })
    const jobs = new Set(lists.flat().flatMap(({ kind, metadata }) => (kind === 'job' ? metadata.name : [])))
    // The garbage collector has its turn with the pod of a Job that is gone.
    const isOrphan = ({ ownerReferences = [] }: Named['items'][number]['metadata']): boolean =>
      ownerReferences.some(({ kind, name }) => kind === 'Job' && !jobs.has(name))
    const isEnding = left.some(({ metadata }) => metadata.deletionTimestamp !== undefined || isOrphan(metadata))
    if (!isEnding || Date.now() > until) return left.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    await sleep(200)
  }
}
