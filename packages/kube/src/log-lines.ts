const NEWLINE = 0x0a
/** A longer line is handed over in pieces: what a container prints must not decide how much memory is needed. */
const LONGEST_LINE = 16 * 1024 * 1024

export interface LogLine {
  /** Whole seconds since 1970 of the line's time. */
  readonly second: number
  /** The fraction, as nine digits. */
  readonly nanos: string
  readonly text: string
}

/** A line, or one without a time: the kubelet's own words, or the rest of a line that began before `sinceTime`. */
export type ReadLine = LogLine | { readonly untimed: string }

/** Cuts the bytes of one log response (with `timestamps=true`) into lines. */
export class LogLines {
  readonly #parseStamp = stampParser()
  #stamp: Stamp | undefined
  #parts: Buffer[] = []
  #length = 0

  /** The lines that a chunk completes. */
  push(chunk: Uint8Array): readonly ReadLine[] {
    const lines: ReadLine[] = []
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      this.#keep(bytes.subarray(start, end === -1 ? bytes.length : end))
      if (end === -1) break
      lines.push(this.#take(true))
      start = end + 1
    }
    if (this.#length >= LONGEST_LINE) lines.push(this.#take(false))
    return lines
  }

  /** What came after the last newline. */
  rest(): readonly ReadLine[] {
    return this.#length > 0 ? [this.#take(true)] : []
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#length += part.length
  }

  #take(isWhole: boolean): ReadLine {
    const all = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts)
    const size = isWhole ? all.length : characterBoundary(all)
    this.#parts = size === all.length ? [] : [all.subarray(size)]
    this.#length = all.length - size
    const text = all.toString('utf8', 0, size)
    // A further piece of a long line has the time of its beginning.
    const inherited = this.#stamp
    const stamp = inherited ?? this.#parseStamp(text)
    this.#stamp = isWhole ? undefined : stamp
    if (stamp === undefined) return { untimed: text }
    const { second, nanos, length } = stamp
    return { second, nanos, text: inherited === undefined ? text.slice(length) : text }
  }
}

interface Stamp {
  readonly second: number
  readonly nanos: string
  /** Of the time and the space behind it. */
  readonly length: number
}

// RFC 3339, as the kubelet writes it: nanoseconds, and the zone of the node.
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /

function stampParser(): (line: string) => Stamp | undefined {
  // Neighbouring lines mostly share their second, and parsing a date is dear.
  let known = ''
  let knownSecond = 0
  return line => {
    const match = STAMP.exec(line)
    if (match === null) return undefined
    const [whole, date = '', fraction = '', zone = ''] = match
    if (date + zone !== known) {
      known = date + zone
      knownSecond = Date.parse(known) / 1000
    }
    return { second: knownSecond, nanos: fraction.padEnd(9, '0'), length: whole.length }
  }
}

/** The length without a last character that is not whole. */
function characterBoundary(bytes: Buffer): number {
  let end = bytes.length
  const isContinuation = (index: number): boolean => ((bytes[index] ?? 0) & 0xc0) === 0x80
  while (end > bytes.length - 4 && isContinuation(end - 1)) end -= 1
  return ((bytes[end - 1] ?? 0) & 0xc0) === 0xc0 ? end - 1 : bytes.length
}
