import { readFileSync } from 'node:fs'

import { workerOr } from '../../job/runner-worker.js'

/** Linux tells times of processes in these; it is 100 on every architecture that the runner is made for. */
const TICKS_PER_SECOND = 100

/**
 * How long a process may have been there before it knows the time: on a busy machine, what comes between looks as if the worker had begun
 * later than it did. An earlier job has written its last long before this one's worker begins: that job's pod was deleted, and the
 * runner has asked GitHub for another job.
 */
const START_MS = 250

/**
 * When this job began: its worker is a process of its own. Measured from this process, whose begin is known in both counts
 * (but for what `START_MS` tells of): the clock of a machine and that of a container need not agree on when the machine was booted.
 *
 * @returns milliseconds since 1970; undefined where it cannot be told
 */
export function jobBegan(): number | undefined {
  try {
    const ticks = ticksOf(process.pid) - ticksOf(workerOr(process.ppid))
    return Number.isFinite(ticks) ? performance.timeOrigin - START_MS - (ticks * 1000) / TICKS_PER_SECOND : undefined
  } catch {
    return undefined
  }
}

/** When a process was started (proc_pid_stat(5), field 22): its name stands in brackets and may have any character. */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
}
