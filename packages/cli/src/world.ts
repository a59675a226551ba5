import type { Readable } from 'node:stream'

/** What a command has of the process that it runs in. */
export interface World {
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  /** What was asked for, and nothing else. */
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Of the terminal behind standard error; undefined when that is none. */
  readonly columns: number | undefined
  readonly version: string
  /** Aborted by what ends the process, with the signal's name as the reason. */
  readonly signal: AbortSignal
}
