import type { LogLine } from './log-lines.js'

/** Two outputs of one container are written by two threads: a line may come after one that is a little later. */
const DISORDER_S = 1

/**
 * How far a log was read, so that a new connection can go on after the last line: the kubelet's `sinceTime` knows
 * only whole seconds, and lines may share a time or come out of order. So the lines since a moment before the latest
 * one are counted, and as many are left out when they come again.
 */
export class LogPosition {
  /** How many lines each second had, from the one on where a new connection begins. */
  readonly #counts = new Map<number, number>()
  #since: number | undefined
  #latest: LogLine | undefined
  /** The line that was handed over last, of those since then. */
  #last: LogLine | undefined

  #replay: Replay | undefined

  /** For `sinceTime`: where a new connection has to begin. Nothing: at the beginning. */
  get sinceTime(): string | undefined {
    return this.#since === undefined ? undefined : new Date(this.#since * 1000).toISOString()
  }

  /** True when a line is later than all that were seen. */
  isNews(line: LogLine): boolean {
    return this.#latest === undefined || isLater(line, this.#latest)
  }

  /** From here on lines come again from `sinceTime`. */
  restart(): void {
    this.#replay = this.#since === undefined ? undefined : { seen: 0, found: false, doubtful: [] }
  }

  /** The lines to hand over now that this one came, and whether some before them are missing. */
  next(line: LogLine): { readonly lines: readonly LogLine[]; readonly gap: boolean } {
    const replay = this.#replay
    if (replay === undefined) return { lines: [this.#note(line)], gap: false }
    if (this.isNews(line)) {
      this.#replay = undefined
      // The log was rotated: fewer lines came again than were counted. None is missing when the last one was among them.
      const lines = [...(replay.found ? replay.doubtful : []), line]
      return { lines: lines.map(each => this.#note(each)), gap: !replay.found }
    }
    replay.seen += 1
    if (this.#last !== undefined && isSame(line, this.#last)) {
      replay.found = true
      replay.doubtful = []
      if (replay.seen >= this.#count()) this.#replay = undefined
    } else if (replay.found) {
      replay.doubtful.push(line)
    }
    return { lines: [], gap: false }
  }

  /** The lines that were held back until now, at the end of the log; and whether some may be missing. */
  finish(): { readonly lines: readonly LogLine[]; readonly gap: boolean } {
    const replay = this.#replay
    this.#replay = undefined
    if (replay === undefined) return { lines: [], gap: false }
    return { lines: replay.doubtful.map(line => this.#note(line)), gap: !replay.found }
  }

  #note(line: LogLine): LogLine {
    if (this.isNews(line)) this.#latest = line
    const since = (this.#latest ?? line).second - DISORDER_S
    if (since !== this.#since) {
      this.#since = since
      for (const second of this.#counts.keys()) if (second < since) this.#counts.delete(second)
    }
    if (line.second >= since) {
      this.#counts.set(line.second, (this.#counts.get(line.second) ?? 0) + 1)
      this.#last = line
    }
    return line
  }

  #count(): number {
    let count = 0
    for (const each of this.#counts.values()) count += each
    return count
  }
}

interface Replay {
  /** How many lines came again. */
  seen: number
  /** The last line that had been handed over was among them. */
  found: boolean
  /** Lines after it that are not later than all others: known ones, or late ones of the other output. */
  doubtful: LogLine[]
}

function isLater(one: LogLine, other: LogLine): boolean {
  return one.second > other.second || (one.second === other.second && one.nanos > other.nanos)
}

function isSame(one: LogLine, other: LogLine): boolean {
  return one.second === other.second && one.nanos === other.nanos && one.text === other.text
}
