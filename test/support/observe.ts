import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Job, V1Pod, V1Secret } from '@kubernetes/client-node'

import type { Cluster } from '../cluster/index.js'
import { getJson } from './kubectl.js'

export type Seen = (V1Pod & { kind: 'Pod' }) | (V1Job & { kind: 'Job' }) | (V1Secret & { kind: 'Secret' })

/**
 * Notes every pod, Job and Secret that stands in a namespace while something runs, each as it was first seen with
 * what it was made of.
 */
export async function observe<T>(
  cluster: Cluster,
  namespace: string,
  body: () => Promise<T>
): Promise<{ result: T; seen: Seen[] }> {
  const seen = new Map<string, Seen>()
  const done = new AbortController()
  const watching = (async () => {
    while (!done.signal.aborted) {
      const { items } = await getJson<{ items: Seen[] }>(cluster, ['-n', namespace, 'pods,jobs,secrets'])
      for (const item of items) {
        const key = item.metadata?.uid ?? ''
        if (!seen.has(key)) seen.set(key, item)
      }
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
