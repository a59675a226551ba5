import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Job, V1Pod, V1Secret } from '@kubernetes/client-node'

import { Api } from '../cluster/api.js'
import type { Cluster } from '../cluster/index.js'

const KINDS = {
  Pod: '/api/v1/namespaces/NAMESPACE/pods',
  Job: '/apis/batch/v1/namespaces/NAMESPACE/jobs',
  Secret: '/api/v1/namespaces/NAMESPACE/secrets'
} as const

export type Seen = (V1Pod & { kind: 'Pod' }) | (V1Job & { kind: 'Job' }) | (V1Secret & { kind: 'Secret' })

/**
 * Notes every pod, Job and Secret that stands in a namespace while something runs, each as it was first seen with
 * what it was made of.
 *
 * @param onLook gets each of them at each look, with what has become of it
 */
export async function observe<T>(
  cluster: Cluster,
  namespace: string,
  body: () => Promise<T>,
  onLook?: (item: Seen) => void
): Promise<{ result: T; seen: Seen[] }> {
  const api = new Api(cluster.kubeconfig)
  const seen = new Map<string, Seen>()
  const done = new AbortController()
  const look = async (kind: keyof typeof KINDS): Promise<void> => {
    const list = await api.get<{ items: Seen[] }>(KINDS[kind].replace('NAMESPACE', namespace))
    for (const item of list?.items ?? []) {
      const key = item.metadata?.uid ?? ''
      // The items of a list do not say what they are.
      const whole = { ...item, kind } as Seen
      if (!seen.has(key)) seen.set(key, whole)
      onLook?.(whole)
    }
  }
  const watching = (async () => {
    while (!done.signal.aborted) {
      await Promise.all((['Pod', 'Job', 'Secret'] as const).map(look))
      await sleep(150)
    }
  })()
  try {
    const result = await body()
    return { result, seen: [...seen.values()] }
  } finally {
    done.abort()
    await watching
  }
}
