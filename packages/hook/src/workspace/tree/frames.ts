import { Pieces } from './pieces.js'

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

/** Reads frames from a stream. */
export class FrameReader {
  readonly #pieces: Pieces

  /** @param onBytes told whenever bytes came */
  constructor(stream: AsyncIterable<Buffer>, onBytes?: () => void) {
    this.#pieces = new Pieces(stream, onBytes)
  }

  /**
   * The next frame.
   *
   * @throws EndedEarly
   * @throws RangeError for what is no frame
   */
  async next(): Promise<Frame> {
    const header = await this.#pieces.take(HEADER)
    const kind = header[0]
    const length = header.readUInt32BE(1)
    if ((kind !== JSON_KIND && kind !== DATA_KIND) || length > MAX_FRAME) throw new RangeError('What came is no frame')
    const payload = await this.#pieces.take(length)
    return kind === DATA_KIND ? { data: payload } : { message: JSON.parse(payload.toString()) as unknown }
  }
}
