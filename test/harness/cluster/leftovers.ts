import { readFileSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ClusterError } from './errors.js'
import { removeChains } from './iptables.js'
import { BRIDGE, CGROUP, NETWORK_NAME, type Layout } from './layout.js'
import { assertPortsFree } from './ports.js'
import { restoreKernel } from './network.js'
import { directoriesBelow, list, ours } from './processes.js'
import { attempt, run } from './run.js'

/** What survives in the state directory: images are the same in every cluster, and bringing them in takes seconds. */
const KEPT = new Set(['containerd', 'images.json', 'kernel.json'])

type Place = Pick<Layout, 'at' | 'state'>

/**
 * Ends and removes everything that a cluster leaves, whether it was brought down, crashed, or was killed all at once:
 * nothing is assumed of what is still there. Nothing in the cluster is worth a clean end, so nobody is asked twice.
 */
export async function clear(place: Place): Promise<void> {
  await end(() => ours(place))
  // What follows has one name on a machine, whatever the state directory. Who still listens now is another cluster, and
  // the bridge, the chains and the containers may be its own.
  await assertPortsFree()
  await end(contained)
  await unmount(place.state)
  await Promise.all([removeLinks(), removeChains()])
  removeControlGroups()
  removeRuntimeFiles(place)
  for (const name of list(place.state)) if (!KEPT.has(name)) rmSync(place.at(name), { recursive: true, force: true })
}

/** {@link clear}, and the kernel's settings as they were. */
export async function clearAll(place: Place): Promise<void> {
  await clear(place)
  restoreKernel(place.at('kernel.json'))
  rmSync(place.at('kernel.json'), { force: true })
}

/** Mount points below a directory, the innermost first. */
export function mountsBelow(directory: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  return mountinfo
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .map(path => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter(path => path.startsWith(`${directory}/`))
    .reverse()
}

/** Processes in the cluster's control groups: whatever containers run. */
function contained(): number[] {
  return groups().flatMap(group => readNumbers(join(group, 'cgroup.procs')))
}

/** Ends processes until none is found any more. */
async function end(find: () => number[]): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const alive = find()
    if (alive.length === 0) return
    if (Date.now() > deadline) throw new ClusterError(`Processes of the cluster do not end: ${alive.join(' ')}.`)
    for (const pid of alive) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Ended in between.
      }
    }
    await sleep(30)
  }
}

async function unmount(state: string): Promise<void> {
  // Lazily: a mount that something foreign still uses must not stop the rest.
  for (let mounts = mountsBelow(state), tries = 0; mounts.length > 0 && tries < 5; mounts = mountsBelow(state), tries++)
    await attempt('umount', ['-l', ...mounts])
  const left = mountsBelow(state)
  if (left.length > 0) throw new ClusterError(`Mounts of the cluster cannot be removed: ${left.slice(0, 3).join(' ')}.`)
}

async function removeLinks(): Promise<void> {
  const listed = await attempt('ip', ['-json', 'link', 'show', 'master', BRIDGE])
  const ports = (JSON.parse(listed.trim() || '[]') as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? [])
  for (const name of [...ports, BRIDGE]) await attempt('ip', ['link', 'delete', name])
}

function removeControlGroups(): void {
  for (const group of groups()) {
    try {
      rmdirSync(group)
    } catch {
      // A group that is not empty yet holds nothing that runs, and is used again by the next cluster.
    }
  }
}

/** Things at fixed places outside the state directory. */
function removeRuntimeFiles(place: Place): void {
  const results = '/var/lib/cni/results'
  const remove = (pattern: RegExp): void => {
    for (const name of list(results)) if (pattern.test(name)) rmSync(join(results, name), { force: true })
  }
  remove(new RegExp(`^${NETWORK_NAME}-`))
  // The shims' sockets and the loopback's results have names that do not tell whose they are.
  if (list('/proc').some(pid => isForeignShim(pid, place.state))) return
  remove(/^cni-loopback-/)
  for (const name of list('/run/containerd/s')) unlinkSync(join('/run/containerd/s', name))
}

function isForeignShim(pid: string, state: string): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return line.includes('containerd-shim') && !line.includes(`${state}/`)
  } catch {
    return false
  }
}

/** Our control groups in every hierarchy, the deepest first. */
function groups(): string[] {
  return hierarchies()
    .map(hierarchy => join(hierarchy, CGROUP))
    .flatMap(root => [...directoriesBelow(root), root])
}

/** Mount points of all control group hierarchies: one in version 2, one per controller in version 1. */
export function hierarchies(mounts = readFileSync('/proc/self/mounts', 'utf8')): string[] {
  return mounts
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .flatMap(([, path]) => path ?? [])
}

function readNumbers(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Removes what `down` keeps too: for when the image store itself is to be made anew. */
export async function removeImageStore({ at }: Place): Promise<void> {
  rmSync(at('images.json'), { force: true })
  await run('rm', ['-rf', '--one-file-system', at('containerd')])
}
