import type { V1Job, V1Pod, V1Secret } from '@kubernetes/client-node'

import { Api } from './cluster/api.js'
import type { Cluster } from './cluster/index.js'

const KINDS = {
  Pod: '/api/v1/namespaces/NAMESPACE/pods',
  Job: '/apis/batch/v1/namespaces/NAMESPACE/jobs',
  Secret: '/api/v1/namespaces/NAMESPACE/secrets'
} as const

export type Seen = (V1Pod & { kind: 'Pod' }) | (V1Job & { kind: 'Job' }) | (V1Secret & { kind: 'Secret' })

/**
 * Notes every pod, Job and Secret that stands in a namespace while something runs, each as it was first seen with
 * what it was made of. It watches: asking again and again took half of the time that jobs beside it needed.
 *
 * @param onChange gets each of them as it is at first and after each change
 */
export async function observe<T>(
  cluster: Cluster,
  namespace: string,
  body: () => Promise<T>,
  onChange?: (item: Seen) => void
): Promise<{ result: T; seen: Seen[] }> {
  const api = new Api(cluster.kubeconfig)
  const seen = new Map<string, Seen>()
  const done = new AbortController()
  const watches = await Promise.all(
    Object.entries(KINDS).map(async ([kind, path]) => {
      const onObject = (object: unknown): void => {
        const item = { ...(object as Seen), kind } as Seen
        const key = item.metadata?.uid ?? ''
        if (!seen.has(key)) seen.set(key, item)
        onChange?.(item)
      }
      return api.watch(path.replace('NAMESPACE', namespace), onObject, done.signal)
    })
  )
  const ended = Promise.all(watches.map(async watch => watch.ended))
  // What went wrong in the body counts more.
  ended.catch(() => undefined)
  const result = await body().finally(() => done.abort())
  await ended
  return { result, seen: [...seen.values()] }
}
