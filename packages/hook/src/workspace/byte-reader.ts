import type { Readable } from 'node:stream'

/** A stream ended before what was to be read. */
export class EndedEarly extends Error {
  constructor() {
    super('the stream ended early')
    this.name = 'EndedEarly'
  }
}

/** Reads records and blocks of known length from a stream. */
export class ByteReader {
  readonly #stream: AsyncIterator<Buffer>
  readonly #onBytes: () => void
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0

  /** @param onBytes told whenever bytes came */
  constructor(stream: Readable, onBytes: () => void) {
    this.#stream = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    this.#onBytes = onBytes
  }

  /**
   * The bytes before a separator, which is taken off too.
   *
   * @param limit bytes that a record may have at most
   * @throws EndedEarly
   */
  async until(separator: string, limit: number): Promise<Buffer> {
    let searched = this.#at
    for (;;) {
      const end = this.#buffer.indexOf(separator, searched, 'latin1')
      if (end >= 0) {
        const record = this.#buffer.subarray(this.#at, end)
        this.#at = end + separator.length
        return record
      }
      const length = this.#buffer.length - this.#at
      if (length > limit) throw new RangeError(`A record of more than ${limit} bytes came`)
      await this.#more()
      searched = Math.max(0, length - separator.length)
    }
  }

  /**
   * Hands over so many bytes.
   *
   * @throws EndedEarly
   */
  async take(count: number, sink: (chunk: Buffer) => Promise<unknown>): Promise<void> {
    let left = count
    while (left > 0) {
      if (this.#at === this.#buffer.length) await this.#more()
      const chunk = this.#buffer.subarray(this.#at, this.#at + left)
      this.#at += chunk.length
      left -= chunk.length
      await sink(chunk)
    }
  }

  /** Reads what still comes, and drops it: an exec is over only when its output was taken. */
  async drain(): Promise<void> {
    this.#buffer = Buffer.alloc(0)
    this.#at = 0
    while ((await this.#stream.next()).done !== true) this.#onBytes()
  }

  async #more(): Promise<void> {
    const next = await this.#stream.next()
    if (next.done === true) throw new EndedEarly()
    this.#onBytes()
    const rest = this.#buffer.subarray(this.#at)
    this.#buffer = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
    this.#at = 0
  }
}
