import type { HookCommand } from './envelope.js'
import type { ProcessResult } from './hook-process.js'
import type { Json } from './json.js'
import type { KeptLog } from './log.js'

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped'

/** One call of the hook, or of Docker's client for a step. */
export interface CallRecord {
  readonly command: HookCommand | 'docker exec' | 'docker run'
  /** 128 + n when a signal ended it. */
  readonly exitCode: number
  readonly endedBy: string | null
  readonly sent: readonly string[]
  readonly stdioHeld: boolean
  readonly startedAt: string
  readonly ms: number
}

export function callRecord(command: CallRecord['command'], result: ProcessResult, startedAt: string): CallRecord {
  const { exitCode, endedBy, sent, stdioHeld, ms } = result
  return { command, exitCode, endedBy, sent, stdioHeld, startedAt, ms }
}

export interface StepResult {
  readonly name: string
  readonly id?: string
  readonly stage: 'job' | 'pre' | 'main' | 'post'
  readonly outcome: Conclusion
  readonly conclusion: Conclusion
  /** Of the last call; null without one. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  readonly calls: readonly CallRecord[]
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly startedAt: string
  readonly ms: number
  readonly log: KeptLog
}

/** The result file. Secrets are masked in logs, not in outputs. */
export interface JobResult {
  readonly job: string
  readonly conclusion: Exclude<Conclusion, 'skipped'>
  readonly startedAt: string
  readonly ms: number
  readonly outputs: Readonly<Record<string, string>>
  /** The `job` context at the end. */
  readonly jobContext: Readonly<Record<string, Json>>
  readonly steps: readonly StepResult[]
}
