import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs'

import { ClusterError } from './errors.js'
import { run } from './run.js'
import type { Places } from './settings.js'

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n
const GIB = 1024 ** 3

/** Throws one sentence that names what this machine lacks. */
export async function checkPrerequisites(places: Places): Promise<void> {
  const missing = machineLacks() ?? (await goLacks()) ?? diskLacks(places)
  if (missing !== undefined) throw new ClusterError(`The test cluster cannot be built here: ${missing}.`)
}

function machineLacks(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root, and this is another user'
  if (!existsSync('/usr/bin/apt-get')) return 'it takes containerd and etcd from Debian, and there is no apt-get'
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`)
  if ((effective & (1n << CAP_SYS_ADMIN)) === 0n) return 'it mounts file systems, and CAP_SYS_ADMIN is missing'
  if ((effective & (1n << CAP_NET_ADMIN)) === 0n) return 'it makes network links, and CAP_NET_ADMIN is missing'
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'the kernel has no overlay file system'
  if (!existsSync('/sys/fs/cgroup/cgroup.controllers') && !existsSync('/sys/fs/cgroup/memory/tasks'))
    return 'no memory cgroup is mounted at /sys/fs/cgroup'
  return undefined
}

async function goLacks(): Promise<string | undefined> {
  const version = await run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } }).catch(() => undefined)
  if (version === undefined) return 'it compiles Kubernetes, and there is no `go` in PATH'
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0)
  return minor >= 25 ? undefined : `it compiles Kubernetes with Go 1.25 or newer, and this is ${version.trim()}`
}

function diskLacks(places: Places): string | undefined {
  // A first run takes 2.4 GB of Go build cache, 2 GB of modules and 2 GB of images; later ones next to nothing.
  const needs = existsSync(places.cache) ? 2 : 10
  for (const directory of [places.cache, places.state]) {
    mkdirSync(directory, { recursive: true })
    const { bavail, bsize } = statfsSync(directory)
    if (bavail * bsize < needs * GIB) return `${directory} has less than ${needs} GB of free disk`
  }
  return undefined
}
