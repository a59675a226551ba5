import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Cluster } from '../cluster/index.js'
import { apply, getJson, kubectl } from './kubectl.js'

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
      await kubectl(cluster, ['delete', 'namespace', name, '--wait=false'])
    }
  }
}

interface Named {
  readonly items: readonly {
    readonly kind: string
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  }[]
}

/** A pod that was deleted has so long to be gone. */
const END_MS = 10_000

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
  for (;;) {
    const { items } = await getJson<Named>(cluster, ['-n', namespace, 'pods,jobs,secrets'])
    const left = items.filter(({ kind, metadata: { name } }) => {
      return name.startsWith(prefix) && !(kind === 'Pod' && runnerPods.includes(name))
    })
    const isEnding = left.length > 0 && left.every(({ metadata }) => metadata.deletionTimestamp !== undefined)
    if (!isEnding || Date.now() > until)
      return left.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
    await sleep(200)
  }
}
