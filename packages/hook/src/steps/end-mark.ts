import { END_MARK } from './supervisor.js'

/**
 * How a step ended: its exit code, or `lost` when its supervisor was killed before it could note one. A step that the
 * supervisor ended because nobody followed it has the exit code that it made of that.
 */
export type StepEnd = number | { readonly orphanedWith: number } | 'lost'

/** What stands behind the mark has at most so many bytes; a step that prints more there has printed no mark. */
const LONGEST_WORDS = 32

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
    for (let at = data.indexOf(this.#mark); at >= 0; at = data.indexOf(this.#mark, at + this.#mark.length)) {
      const from = at + this.#mark.length
      const words = data.subarray(from, from + LONGEST_WORDS + 1)
      const newline = words.indexOf(10)
      if (newline >= 0) {
        this.#end = readEnd(words.toString('latin1', 0, newline))
        this.#held = Buffer.alloc(0)
        return data.subarray(0, at)
      }
      if (words.length <= LONGEST_WORDS) return this.#hold(data, at)
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
