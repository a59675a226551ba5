import type { LogLine } from './log-lines.js'

/**
 * How far a log was read, so that a new connection can go on after the last line: the kubelet's `sinceTime` knows
 * only whole seconds, and lines may share a time or (from two outputs) come out of order. So the lines of the last
 * second are counted, and as many are left out when they come again.
 */
export class LogPosition {
  /** The latest second that was seen, and how many lines came since its beginning. */
  #second: number | undefined
  #count = 0
  #latest: LogLine | undefined
  #last: LogLine | undefined

  #replay: Replay | undefined

  /** For `sinceTime`: where a new connection has to begin. Nothing: at the beginning. */
  get sinceTime(): string | undefined {
    return this.#second === undefined ? undefined : new Date(this.#second * 1000).toISOString()
  }

  /** True when a line is later than all that were seen. */
  isNews(line: LogLine): boolean {
    return this.#latest === undefined || isLater(line, this.#latest)
  }

  /** From here on lines come again from `sinceTime`. */
  restart(): void {
    this.#replay = this.#second === undefined ? undefined : { seen: 0, found: false, doubtful: [] }
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
      if (replay.seen >= this.#count) this.#replay = undefined
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
    if (this.#second === undefined || line.second > this.#second) {
      this.#second = line.second
      this.#count = 0
    }
    if (line.second === this.#second) {
      this.#count += 1
      this.#last = line
    }
    if (this.isNews(line)) this.#latest = line
    return line
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
