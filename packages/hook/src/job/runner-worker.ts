import { readFileSync } from 'node:fs'

/** The runner's process that runs a job, as Linux names it. */
const WORKER = 'Runner.Worker'

/**
 * Kills the worker that called this hook, if one did: its listener reports the job as failed.
 *
 */
export function endWorker(): void {
  try {
    const pid = workerOr(undefined)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // A process on the way has ended just now, and so has what it called.
  }
}

/**
 * The process of the worker that called this hook, or something else where there is none.
 *
 * @throws the system's error when a process on the way has ended
 */
export function workerOr<T>(otherwise: T): number | T {
  // A script may stand between.
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) if (nameOf(pid) === WORKER) return pid
  return otherwise
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
