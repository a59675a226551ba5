import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { LineSplitter } from './lines.js'

/** How long the runner waits, in milliseconds. */
export interface ProcessTimes {
  /** After SIGINT, before SIGTERM. */
  readonly interrupt: number
  /** After SIGTERM, before SIGKILL. */
  readonly terminate: number
  /** After the exit, for stdio that a child inherited and keeps open. */
  readonly stdio: number
}

/** The runner's own times (ProcessInvoker.cs). */
export const runnerTimes: ProcessTimes = { interrupt: 7500, terminate: 2500, stdio: 5000 }

export interface ProcessRequest {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Written to stdin, which is then closed. */
  readonly stdin?: string | Uint8Array
  /** Aborting starts SIGINT, SIGTERM, SIGKILL, to the process alone. */
  readonly signal?: AbortSignal
  readonly times?: ProcessTimes
  /** Called with whole lines; the process is not read further until the promise is done. */
  readonly onLines: (lines: readonly string[], from: 'stdout' | 'stderr') => Promise<void> | void
}

export interface ProcessResult {
  /** 128 + n when a signal ended the process, as the runner reports it. */
  readonly exitCode: number
  /** The signal that ended it. */
  readonly endedBy: NodeJS.Signals | null
  /** Signals that were sent, in order. */
  readonly sent: readonly NodeJS.Signals[]
  /** True when stdio stayed open after the exit until the time was over. */
  readonly stdioHeld: boolean
  readonly ms: number
}

/**
 * Runs a process as the runner's ProcessInvoker does: stdin closed after one write, stdout and stderr read by line, the
 * three signals on cancellation, and a bounded wait for inherited stdio after the exit.
 *
 * @throws the error of spawn when the program cannot be started
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const times = request.times ?? runnerTimes
  const started = Date.now()
  const child = spawn(request.file, [...request.args], {
    cwd: request.cwd,
    env: { ...request.env },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  // Also rejects when the program cannot be started, which the line below already tells.
  void exited.catch(() => undefined)
  await once(child, 'spawn')
  void makeKillable(child)
  // A process that never reads its stdin is no error of ours.
  child.stdin.on('error', () => undefined)
  child.stdin.end(request.stdin ?? '')
  const readers = Promise.all([
    read(child.stdout, lines => request.onLines(lines, 'stdout')),
    read(child.stderr, lines => request.onLines(lines, 'stderr'))
  ])
  let stdioHeld = false
  const completed = exited.then(async () => {
    const timeout = new AbortController()
    const outcome = await Promise.race([
      readers.then(() => 'read' as const),
      delay(times.stdio, 'held' as const, { signal: timeout.signal }).catch(() => 'read' as const)
    ])
    timeout.abort()
    if (outcome === 'held') {
      stdioHeld = true
      child.stdout.destroy()
      child.stderr.destroy()
    }
  })
  const sent: NodeJS.Signals[] = []
  const cancelled = cancellation(child, completed, times, request.signal, sent)
  await completed
  cancelled.stop()
  await cancelled.done
  const [code, endedBy] = await exited
  return {
    exitCode: code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]),
    endedBy,
    sent,
    stdioHeld,
    ms: Date.now() - started
  }
}

async function read(stream: Readable, onLines: (lines: readonly string[]) => Promise<void> | void): Promise<void> {
  const splitter = new LineSplitter()
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const lines = splitter.push(chunk)
      if (lines.length > 0) await onLines(lines)
    }
  } catch (error) {
    // Our own destroy() after the wait for held stdio ends the iteration like this.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
  const last = splitter.end()
  if (last.length > 0) await onLines(last)
}

function cancellation(
  child: ChildProcess,
  completed: Promise<void>,
  times: ProcessTimes,
  signal: AbortSignal | undefined,
  sent: NodeJS.Signals[]
): { readonly done: Promise<void>; stop: () => void } {
  const send = (name: NodeJS.Signals) => {
    if (child.kill(name)) sent.push(name)
  }
  const endsWithin = async (ms: number) => {
    const timeout = new AbortController()
    const ended = await Promise.race([
      completed.then(() => true),
      delay(ms, false, { signal: timeout.signal }).catch(() => true)
    ])
    timeout.abort()
    return ended
  }
  const ladder = async () => {
    send('SIGINT')
    if (await endsWithin(times.interrupt)) return
    send('SIGTERM')
    if (await endsWithin(times.terminate)) return
    send('SIGKILL')
  }
  let done = Promise.resolve()
  const start = () => {
    done = ladder()
  }
  if (signal?.aborted === true) start()
  else signal?.addEventListener('abort', start, { once: true })
  return {
    get done() {
      return done
    },
    stop: () => signal?.removeEventListener('abort', start)
  }
}

// The runner makes its children the first victims of the OOM killer.
async function makeKillable(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) await writeFile(`/proc/${child.pid}/oom_score_adj`, '500').catch(() => undefined)
}
