import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ClusterError } from './errors.js'
import { status } from './index.js'
import { exclusively } from './lock.js'
import { isAlive, recorded, start } from './processes.js'
import { places } from './settings.js'
import { until } from './wait.js'

/** The processes whose absence a job is to survive. */
export type Component = 'kubelet' | 'containerd' | 'kube-apiserver'

/**
 * Kills a process of the running cluster, as a crash would, and starts it again with its own arguments. Nobody else may
 * use the cluster meanwhile; it stays the same one.
 *
 * @param awayMs how long it is away, in milliseconds
 * @returns when all of the cluster answers again
 */
export async function restart(name: Component, awayMs: number): Promise<void> {
  const { state } = places()
  const at = (...path: string[]): string => join(state, ...path)
  // Whoever looks at the cluster now would find it broken, and replace it.
  await exclusively(
    state,
    async () => {
      const record = recorded({ at }).get(name)
      if (record === undefined || !isAlive(record)) throw new ClusterError(`${name} does not run in ${state}.`)
      const [command = '', ...args] = readFileSync(`/proc/${record.pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0')
      process.kill(record.pid, 'SIGKILL')
      try {
        while (isAlive(record)) await sleep(10)
        await sleep(awayMs)
      } finally {
        start({ at }, { name, command, args })
      }
      await until('The cluster', 90, async () => (await status()).ready)
    },
    () => undefined
  )
}
