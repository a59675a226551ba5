/** The other side ended, or its connection, before all had come. */
export class EndedEarly extends Error {
  constructor() {
    super('the stream ended early')
    this.name = 'EndedEarly'
  }
}

/** A stream of pieces that is taken by numbers of bytes. */
export class Pieces {
  readonly #stream: AsyncIterator<Buffer>
  readonly #onBytes: () => void
  #pieces: Buffer[] = []
  #length = 0

  /** @param onBytes told whenever bytes came */
  constructor(stream: AsyncIterable<Buffer>, onBytes: () => void = () => undefined) {
    this.#stream = stream[Symbol.asyncIterator]()
    this.#onBytes = onBytes
  }

  /** @throws EndedEarly */
  async take(count: number): Promise<Buffer> {
    while (this.#length < count) {
      const next = await this.#stream.next()
      if (next.done === true) throw new EndedEarly()
      this.#onBytes()
      this.#pieces.push(next.value)
      this.#length += next.value.length
    }
    const [first] = this.#pieces
    const whole =
      this.#pieces.length === 1 || (first !== undefined && first.length >= count)
        ? (first ?? Buffer.alloc(0))
        : Buffer.concat(this.#pieces)
    if (whole !== first) this.#pieces = [whole]
    const rest = whole.subarray(count)
    this.#pieces = rest.length === 0 ? this.#pieces.slice(1) : [rest, ...this.#pieces.slice(1)]
    this.#length -= count
    return whole.subarray(0, count)
  }

  /** What was not taken, and what still comes. */
  async *rest(): AsyncIterable<Buffer> {
    yield* this.#pieces
    for (;;) {
      const next = await this.#stream.next()
      if (next.done === true) return
      yield next.value
    }
  }
}
