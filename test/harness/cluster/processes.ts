import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ClusterError } from './errors.js'
import type { Layout, ProcessSpec } from './layout.js'
import { PATH } from './run.js'

/** A process as it can be recognised later: its number alone may belong to another by then. */
export interface ProcessRecord {
  readonly pid: number
  /** The machine's boot and the clock ticks since then, from /proc. */
  readonly startTime: string
}

/** Our programs: only these are ended, and only with our state directory among their arguments. */
const PROGRAMS = new Set([
  ...['etcd', 'containerd', 'containerd-shim-runc-v2', 'runc', 'ctr'],
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy']
])

/** Starts a process in a session of its own, which goes on when this one ends. */
export function start(layout: Pick<Layout, 'at'>, { name, command, args }: ProcessSpec): void {
  mkdirSync(layout.at('logs'), { recursive: true })
  mkdirSync(layout.at('pids'), { recursive: true })
  // Its output is a file: a pipe to whoever called `up` would be held open for as long as the cluster lives.
  const log = openSync(logOf(layout, name), 'a')
  try {
    const { HOME = '/root' } = process.env
    const child = spawn(command, args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH, HOME, LANG: 'C.UTF-8' }
    })
    child.on('error', () => undefined)
    child.unref()
    if (child.pid === undefined) throw new ClusterError(`${command} cannot be started.`)
    // It may have ended already; no process has an empty start time.
    const startTime = startTimeOf(child.pid) ?? ''
    writeFileSync(layout.at('pids', `${name}.json`), JSON.stringify({ pid: child.pid, startTime }))
  } finally {
    closeSync(log)
  }
}

/** The log file of a process. */
function logOf({ at }: Pick<Layout, 'at'>, name: string): string {
  return at('logs', `${name}.log`)
}

/** The processes that `up` started, by name. */
export function recorded({ at }: Pick<Layout, 'at'>): Map<string, ProcessRecord> {
  const records = new Map<string, ProcessRecord>()
  for (const file of list(at('pids'))) {
    try {
      records.set(basename(file, '.json'), JSON.parse(readFileSync(at('pids', file), 'utf8')) as ProcessRecord)
    } catch {
      // Half-written when everything was killed: the process is found by its arguments.
    }
  }
  return records
}

/** Whether the recorded process still runs: a zombie does not. */
export function isAlive({ pid, startTime }: ProcessRecord): boolean {
  return startTimeOf(pid) === startTime
}

/** Ends one recorded process and waits for it. */
export async function stop(layout: Layout, name: string): Promise<void> {
  const record = recorded(layout).get(name)
  if (record === undefined || !isAlive(record)) return
  process.kill(record.pid, 'SIGTERM')
  const deadline = Date.now() + 5000
  while (isAlive(record)) {
    if (Date.now() > deadline) process.kill(record.pid, 'SIGKILL')
    await sleep(20)
  }
}

/** Numbers of all processes of this cluster, whoever started them: shims and those of an earlier `up` too. */
export function ours(layout: Pick<Layout, 'at' | 'state'>): number[] {
  const known = [...recorded(layout).values()].filter(isAlive).map(({ pid }) => pid)
  const found = list('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      const [command = '', ...args] = commandLine(pid)
      return PROGRAMS.has(basename(command)) && args.some(argument => argument.includes(`${layout.state}/`))
    })
  return [...new Set([...known, ...found])]
}

function startTimeOf(pid: number): string | undefined {
  try {
    // The name in parentheses may contain anything; state is field 3 and the start time field 22 of proc(5).
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return state === 'Z' || state === 'X' ? undefined : `${bootId()} ${fields[18] ?? ''}`
  } catch {
    return undefined
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** Where a process writes, and the last line of it. */
export function lastWords(layout: Layout, name: string): { readonly file: string; readonly words: string } {
  const file = logOf(layout, name)
  return { file, words: readFileSync(file, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? '' }
}

/** Names in a directory; none when it is not there. */
export function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Every directory below one, the deepest first. */
export function directoriesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .flatMap(entry => [...directoriesBelow(join(directory, entry.name)), join(directory, entry.name)])
  } catch {
    return []
  }
}
