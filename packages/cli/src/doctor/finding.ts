/** `unknown`: it could not be found out, which says nothing about the thing itself. */
export type State = 'ok' | 'warning' | 'failed' | 'unknown'

/** What one check found, for a line of the table. */
export interface Finding {
  /** What was looked at: `rights pods/exec`, `pull by a node`. Stable, for programs. */
  readonly check: string
  readonly state: State
  /** A sentence for people: the object, and what the server said. */
  readonly says: string
  /** A line that mends it: of kubectl or Helm, YAML, or a setting. */
  readonly mend?: string
}

/** A container runtime says the name of an image four times before it says what is wrong. */
const LONGEST = 1_500
const HEAD = 400

/** Text of a server, a registry or a file as a part of one line: nothing of it can begin a line or colour a terminal. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > LONGEST ? `${line.slice(0, HEAD)} … ${line.slice(HEAD - LONGEST + 3)}` : line
}

/** The words of whatever was thrown, in one line. */
export function wordsOf(error: unknown): string {
  return quoted(error instanceof Error ? error.message : String(error))
}
