import { appendFile } from 'node:fs/promises'

/** PID 1 of the runner's container: what it prints is the pod's log, where operators look. */
const POD_LOG = '/proc/1/fd/1'

export interface CallRecord {
  readonly command: string
  readonly ms: number
  readonly exitCode: number
  /** The error's code when the call failed. */
  readonly error?: string
  readonly requests: number
  readonly retries: number
  readonly phases: Readonly<Record<string, number>>
}

/**
 * Writes one line of JSON about a call where operators find it. A runner that forbids it loses only this line.
 *
 * @param path another file than the pod's log; `off` for none
 */
export async function writeCallRecord(path: string | undefined, record: CallRecord): Promise<void> {
  if (path === 'off') return
  try {
    await appendFile(path ?? POD_LOG, `${JSON.stringify({ source: 'kaniko-hooks', ...record })}\n`)
  } catch {
    // Not worth a word in a user's log.
  }
}
