import { randomUUID } from 'node:crypto'

import type { LogEntry, WrittenAnswer } from '@kaniko-hooks/broker'

import type { Post } from '../workspace/mailbox/letters.js'

/** How long the log of one build may be, and one line of it, in characters. */
const MAX_LOG = 16 * 1024 * 1024
const MAX_LINE = 8_000
/** Of all logs at a time, in characters: a conversation with a pod takes no word of any length. */
const MAX_POST = 1024 * 1024

interface Waiting {
  log: string
  answer?: string
}

/** What waits to be put into the mailbox. */
export class Outbox {
  readonly #waiting = new Map<string, Waiting>()
  /** How long each log is so far. */
  readonly #lengths = new Map<string, number>()
  /** Whether the last post could not take all. */
  hasMore = false

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

  /** Takes what waits, or as much of it as goes at a time. An answer goes when its log is whole. */
  take(): Post {
    let room = MAX_POST
    this.hasMore = false
    const entries = [...this.#waiting].map(([id, { log, answer }]) => {
      const end = log.length > room ? log.lastIndexOf('\n', room - 1) + 1 : log.length
      const [now, rest] = [log.slice(0, end), log.slice(end)]
      room -= end
      this.hasMore ||= rest !== ''
      if (rest === '') this.#waiting.delete(id)
      else this.#of(id).log = rest
      return {
        id,
        ...(now === '' ? {} : { log: now }),
        ...(answer === undefined || rest !== '' ? {} : { answer })
      }
    })
    return { id: randomUUID(), entries }
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
