import { END_MARK } from './supervisor.js'

/**
 * How a step ended: its exit code, or `lost` when its supervisor was killed before it could note one. A step that the
 * supervisor ended because nobody followed it has the exit code that it made of that.
 */
export type StepEnd = number | { readonly orphanedWith: number } | 'lost'

/**
 * Finds the end mark in a step's output as it streams in, and keeps it out of the log. Bytes that may be the beginning
 * of a mark are held back until the next ones decide.
 */
export class EndMark {
  readonly #mark: Buffer
  #held = Buffer.alloc(0)
  #end: StepEnd | undefined

  /** @param id the step's id: another step's mark is ordinary output */
  constructor(id: string) {
    this.#mark = Buffer.from(`${END_MARK}${id} `)
  }

  /** How the step ended, once the whole mark has come. */
  get end(): StepEnd | undefined {
    return this.#end
  }

  /**
   * Takes the next bytes and returns those that are certainly output. What follows the mark is dropped: a background
   * process wrote it after the step's end.
   */
  take(chunk: Buffer): Buffer {
    if (this.#end !== undefined) return Buffer.alloc(0)
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const at = data.indexOf(this.#mark)
    if (at >= 0) {
      const newline = data.indexOf(10, at + this.#mark.length)
      if (newline < 0) return this.#hold(data, at)
      const word = data.toString('latin1', at + this.#mark.length, newline)
      this.#end = readEnd(word)
      this.#held = Buffer.alloc(0)
      return data.subarray(0, at)
    }
    return this.#hold(data, this.#partialMark(data))
  }

  #hold(data: Buffer, from: number): Buffer {
    this.#held = Buffer.from(data.subarray(from))
    return data.subarray(0, from)
  }

  /** Where a mark may begin that the data does not hold whole; the data's length when nowhere. */
  #partialMark(data: Buffer): number {
    const first = this.#mark[0] ?? 0
    const from = Math.max(0, data.length - this.#mark.length + 1)
    for (let at = data.indexOf(first, from); at >= 0; at = data.indexOf(first, at + 1)) {
      if (data.compare(this.#mark, 0, data.length - at, at) === 0) return at
    }
    return data.length
  }
}

function readEnd(words: string): StepEnd {
  const [, code, orphaned] = /^(\d+)( orphaned)?$/.exec(words) ?? []
  if (code === undefined) return 'lost'
  return orphaned === undefined ? Number(code) : { orphanedWith: Number(code) }
}
