import { resolve } from 'node:path'

import { take } from '../../harness/cluster/lock.js'
import { connectorNames, type AnyCluster } from './objects.js'
import { until } from './wait.js'

/** Whoever makes a connector has not much more time than that; who wants to be alone looks for longer. */
const WAIT_SECONDS = { together: 150, alone: 300 }

/** One lock for all that people on this machine do with the connectors of a cluster. */
const lockOf = ({ kubeconfig }: AnyCluster): string => `connectors of ${resolve(kubeconfig)}`

/**
 * Does something that many may do beside each other, when nobody has the connectors of the cluster for himself.
 *
 * @throws when that takes too long
 */
export async function together<T>(cluster: AnyCluster, action: () => Promise<T>): Promise<T> {
  const lock = await until(
    'The connectors of the cluster can be used',
    WAIT_SECONDS.together,
    () => take(lockOf(cluster)),
    () =>
      Promise.resolve(
        'a test of somebody else has taken their driver away and will bring it back; try it again in minutes'
      )
  )
  try {
    return await action()
  } finally {
    lock.close()
  }
}

/**
 * Waits until nobody else has a connector, and keeps everybody from making one: for tests that take from the cluster
 * what all connectors share.
 *
 * @param own namespaces whose connectors do not count
 * @returns lets the others in
 * @throws when others still have connectors after minutes: which, and how they go
 */
export async function alone(cluster: AnyCluster, own: readonly string[]): Promise<() => void> {
  let others: string[] = []
  return until(
    'The connectors of the cluster can be taken away',
    WAIT_SECONDS.alone,
    async () => {
      const lock = await take(lockOf(cluster))
      if (lock === undefined) return undefined
      try {
        others = (await connectorNames(cluster)).filter(name => !own.includes(name.split('/')[0] ?? ''))
      } catch (error) {
        lock.close()
        throw error
      }
      if (others.length === 0) return () => lock.close()
      lock.close()
      return undefined
    },
    () =>
      Promise.resolve(
        others.length === 0
          ? 'somebody else has them for himself'
          : `${others.join(', ')} may be in use: npm run connector -- down --connector ${others[0] ?? ''}`
      )
  )
}
