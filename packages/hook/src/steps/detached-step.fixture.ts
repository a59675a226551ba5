import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, expect, jest } from '@jest/globals'
import { KubeError, type ExecStream } from '@kaniko-hooks/kube'

import { runDetachedStep, type OpenExec } from './detached-step.js'
import type { StepEnd } from './end-mark.js'
import { stepScript } from './script.js'
import { SPOOL_PATH } from '../pods/spool.js'

let spool: string

/**
 * The shell half of a step, run by real shells on this machine in place of a container: a stream is a process, and a
 * cut connection is a process whose pipes nobody reads any more.
 */
export function useSpool(): { readonly path: string } {
  // On a machine that does something else too a test was seen to take 26 s.
  jest.setTimeout(180_000)
  beforeEach(() => {
    spool = mkdtempSync(join(tmpdir(), 'spool-'))
  })
  afterEach(async () => {
    const ended = spool
    // A test that failed may still be opening streams.
    spool = ''
    // One that is killed may have started another a moment before.
    for (let tries = 0; tries < 50; tries += 1) {
      const left = processesOf(ended)
      if (left.length === 0) break
      for (const pid of left) killGroup(pid)
      await sleep(20)
    }
    expect(processesOf(ended)).toEqual([])
    rmSync(ended, { recursive: true, force: true })
  })
  return {
    get path() {
      return spool
    }
  }
}

/** What a step started, and what watches over it, as long as the step's shell has not let go of it. */
function processesOf(directory: string): number[] {
  const steps = readdirSync(directory).flatMap(id => {
    const pid = Number(readOr(join(directory, id, 'pid')))
    return pid > 1 && isGroup(pid) ? [pid] : []
  })
  const shells = readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    return readOr(`/proc/${pid}/cmdline`).includes(directory) || cwdOf(pid).startsWith(directory)
  })
  return [...steps, ...shells.map(Number)]
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** Whether any process of the group is alive: not only a zombie that nobody reaps. */
function isGroup(pgid: number): boolean {
  return readdirSync('/proc').some(pid => {
    const [state, , group] = readOr(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    return state !== 'Z' && Number(group) === pgid
  })
}

function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // It has ended, or leads no group.
    }
  }
}

export const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

function inSpool(text: string): string {
  return text.replaceAll(SPOOL_PATH, spool)
}

/** Opens streams; the first ones are cut after so many bytes of stdout. */
export function opener(shell: readonly string[], cutAfter: readonly number[] = []): OpenExec & { opened: number } {
  const own = spool
  const open = async (command: readonly string[]): Promise<ExecStream> => {
    if (spool !== own) return new Promise(() => undefined)
    const cut = cutAfter[open.opened]
    open.opened += 1
    const words = [...shell, ...command.slice(1).map(inSpool)]
    const child = spawn(words[0] ?? 'sh', words.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    child.stdin.on('error', () => undefined)
    let seen = 0
    let lose: (error: Error) => void = () => undefined
    const lost = new Promise<never>((_, reject) => (lose = reject))
    lost.catch(() => undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (cut === undefined || seen < cut) return
      const error = new KubeError('STREAM_LOST', 'cut by the test')
      lose(error)
      child.stdout.destroy(error)
      child.stdin.destroy()
    })
    child.stdout.pause()
    const exit = new Promise<number>(resolve => child.on('exit', code => resolve(code ?? 137)))
    return Promise.resolve({
      stdout: child.stdout,
      stderr: child.stderr,
      write: async (chunk: Uint8Array | string) =>
        new Promise<void>(resolve => {
          if (!child.stdin.writable) resolve()
          else child.stdin.write(typeof chunk === 'string' ? inSpool(chunk) : chunk, () => resolve())
        }),
      end: () => child.stdin.end(),
      exit: Promise.race([exit, lost]),
      close: () => {
        child.stdin.destroy()
        child.stdout.destroy()
      }
    })
  }
  open.opened = 0
  return open
}

export const ID = '5f2d6a1c-0000-4000-8000-000000000001'
export const NEXT_ID = '5f2d6a1c-0000-4000-8000-000000000002'
/** Longer than any test, and short enough for what a killed test run leaves. */
export const NEVER_MS = 120_000

export async function run(
  openExec: OpenExec,
  command: readonly string[],
  environment: Record<string, string> = {},
  onOutput: () => Promise<void> = () => Promise.resolve(),
  {
    id = ID,
    orphanMs = NEVER_MS,
    awaitNode = () => Promise.resolve(),
    outageMs,
    signal
  }: {
    id?: string
    orphanMs?: number
    awaitNode?: (signal?: AbortSignal) => Promise<void>
    outageMs?: number
    signal?: AbortSignal
  } = {}
): Promise<{ end: StepEnd; output: Buffer }> {
  const script = inSpool(stepScript(id, { command, environment, prependPath: [], workingDirectory: '/tmp' }))
  const chunks: Buffer[] = []
  const end = await runDetachedStep(
    {
      id,
      script,
      openExec,
      awaitNode,
      output: async chunk => {
        chunks.push(chunk)
        await onOutput()
      },
      orphanMs,
      ...(outageMs === undefined ? {} : { outageMs })
    },
    signal
  )
  return { end, output: Buffer.concat(chunks) }
}

/** Follows a step until it has printed something, and then never again, as a runner that is killed. */
export async function abandoned(openExec: OpenExec, script: string, orphanMs: number): Promise<void> {
  const killed = new AbortController()
  const cut: OpenExec = async (command, options) => {
    const stream = await openExec(command, options)
    options.signal?.addEventListener('abort', () => stream.close())
    return stream
  }
  const onOutput = (): Promise<void> => {
    killed.abort()
    return Promise.resolve()
  }
  await expect(run(cut, ['sh', '-c', script], {}, onOutput, { orphanMs, signal: killed.signal })).rejects.toBeDefined()
}

export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (condition()) return
    await sleep(100)
  }
  throw new Error(`this did not come true within two minutes: ${condition.toString()}`)
}

/** Of a step only its follower is left, which mostly has a child that sleeps. */
export function isFollowerAlone(): boolean {
  const follower = readOr(join(spool, ID, 'follower')).trim()
  return processesInSpool().every(pid => pid === follower || [follower, ''].includes(parentOf(pid)))
}

/** Empty when it has ended. */
function parentOf(pid: string): string {
  return /^PPid:\s*(\d+)$/m.exec(readOr(`/proc/${pid}/status`))?.[1] ?? ''
}

/** The processes of the hook's own: they stand in the spool, or in what was it. */
export function processesInSpool(): string[] {
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && cwdOf(pid).startsWith(spool))
}
