import { readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { hierarchies, mountsBelow } from '../../harness/cluster/leftovers.js'
import { directoriesBelow, list } from '../../harness/cluster/processes.js'
import { attempt } from '../../harness/cluster/run.js'
import { removeNetwork } from './network.js'

/** Parent of all containers' control groups: whatever runs in them is Docker's. */
export const CGROUP = '/kaniko-hooks-docker'

const PROGRAMS = new Set(['dockerd', 'containerd', 'containerd-shim-runc-v2', 'docker-proxy', 'runc'])
const END_MS = 20_000

/**
 * Ends and removes everything that a Docker daemon leaves in its state directory and on the machine, whether it was stopped
 * or killed.
 *
 * @throws Error when a process does not end
 */
export async function clear(state: string): Promise<void> {
  const until = Date.now() + END_MS
  for (let alive = ours(state); alive.length > 0; alive = ours(state)) {
    if (Date.now() > until) throw new Error(`Processes of ${state} do not end: ${alive.join(' ')}.`)
    for (const pid of alive) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Ended in between.
      }
    }
    await sleep(30)
  }
  for (let mounts = mountsBelow(state), tries = 0; mounts.length > 0 && tries < 5; mounts = mountsBelow(state), tries++)
    await attempt('umount', ['-l', ...mounts])
  await removeNetwork()
  for (const group of groups()) {
    try {
      rmdirSync(group)
    } catch {
      // Not empty yet; the next daemon uses it again.
    }
  }
  rmSync(state, { recursive: true, force: true })
}

/** The daemon's own processes, by their arguments, and whatever containers run. */
function ours(state: string): number[] {
  const own = list('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      const [command = '', ...args] = read(`/proc/${pid}/cmdline`).split('\0')
      return PROGRAMS.has(basename(command)) && args.some(argument => argument.includes(`${state}/`))
    })
  const contained = groups().flatMap(group => read(join(group, 'cgroup.procs')).split('\n').filter(Boolean))
  return [...new Set([...own, ...contained])].map(Number)
}

function groups(): string[] {
  return hierarchies()
    .map(hierarchy => join(hierarchy, CGROUP))
    .flatMap(root => [...directoriesBelow(root), root])
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
