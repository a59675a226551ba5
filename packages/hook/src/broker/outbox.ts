import type { LogEntry, WrittenAnswer } from '@kaniko-hooks/broker'

import type { Post } from '../workspace/mailbox/letters.js'

/** How long the log of one build may be, and one line of it, in characters. */
const MAX_LOG = 16 * 1024 * 1024
const MAX_LINE = 8_000

interface Waiting {
  log: string
  answer?: string
}

/** What waits to be put into the mailbox. */
export class Outbox {
  readonly #waiting = new Map<string, Waiting>()
  /** How long each log is so far. */
  readonly #lengths = new Map<string, number>()

  /** Adds a line to the log of a request; beyond a limit, what comes is left out, and one line says so. */
  log(id: string, entry: LogEntry): void {
    const length = this.#lengths.get(id) ?? 0
    if (length >= MAX_LOG) return
    const short = 'line' in entry ? { line: cut(entry.line) } : entry
    const text = `${JSON.stringify(short)}\n`
    this.#lengths.set(id, length + text.length)
    const more =
      length + text.length < MAX_LOG
        ? ''
        : `${JSON.stringify({ line: 'The log is too long; the rest is left out.' })}\n`
    this.#of(id).log += text + more
  }

  /** The last that is said to a request. */
  answer(id: string, answer: WrittenAnswer): void {
    this.#of(id).answer = JSON.stringify(answer)
    this.#lengths.delete(id)
  }

  /** Takes all that waits. */
  take(): Post {
    const entries = [...this.#waiting].map(([id, { log, answer }]) => ({
      id,
      ...(log === '' ? {} : { log }),
      ...(answer === undefined ? {} : { answer })
    }))
    this.#waiting.clear()
    return { entries }
  }

  /** What was taken did not arrive. */
  putBack({ entries }: Post): void {
    for (const { id, log = '', answer } of entries) {
      const waiting = this.#of(id)
      waiting.log = log + waiting.log
      if (answer !== undefined) waiting.answer = answer
    }
  }

  #of(id: string): Waiting {
    const known = this.#waiting.get(id) ?? { log: '' }
    this.#waiting.set(id, known)
    return known
  }
}

function cut(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line
}
