/*
 * What crosses between the runner and a pod: frames of a kind, a length and so many bytes. `J` is a message as JSON, `D` are
 * bytes of files.
 */

export type Frame = { readonly message: unknown } | { readonly data: Buffer }

const HEADER = 5
const JSON_KIND = 0x4a
const DATA_KIND = 0x44
/** Longer than any that is sent. */
const MAX_FRAME = 64 * 1024 * 1024

/** The other side ended, or its connection, before all had come. */
export class EndedEarly extends Error {
  constructor() {
    super('the stream ended early')
    this.name = 'EndedEarly'
  }
}

export function messageFrame(message: unknown): Buffer {
  return frame(JSON_KIND, Buffer.from(JSON.stringify(message)))
}

export function dataFrame(data: Buffer): Buffer {
  return frame(DATA_KIND, data)
}

function frame(kind: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length)
  bytes[0] = kind
  bytes.writeUInt32BE(payload.length, 1)
  payload.copy(bytes, HEADER)
  return bytes
}

/** Reads frames from a stream of pieces. */
export class FrameReader {
  readonly #stream: AsyncIterator<Buffer>
  readonly #onBytes: () => void
  #pieces: Buffer[] = []
  #length = 0

  /** @param onBytes told whenever bytes came */
  constructor(stream: AsyncIterable<Buffer>, onBytes: () => void = () => undefined) {
    this.#stream = stream[Symbol.asyncIterator]()
    this.#onBytes = onBytes
  }

  /**
   * The next frame.
   *
   * @throws EndedEarly
   * @throws RangeError for what is no frame
   */
  async next(): Promise<Frame> {
    const header = await this.#take(HEADER)
    const kind = header[0]
    const length = header.readUInt32BE(1)
    if ((kind !== JSON_KIND && kind !== DATA_KIND) || length > MAX_FRAME) throw new RangeError('What came is no frame')
    const payload = await this.#take(length)
    return kind === DATA_KIND ? { data: payload } : { message: JSON.parse(payload.toString()) as unknown }
  }

  /** Bytes without a frame. */
  async #take(count: number): Promise<Buffer> {
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

  /** Reads what still comes, and drops it: an exec is over only when its output was taken. */
  async drain(): Promise<void> {
    this.#pieces = []
    this.#length = 0
    while ((await this.#stream.next()).done !== true) this.#onBytes()
  }
}
