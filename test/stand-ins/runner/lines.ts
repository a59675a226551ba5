import { StringDecoder } from 'node:string_decoder'

/**
 * Cuts a stream into lines as the runner's reader does: `\n`, `\r\n` and a lone `\r` end a line, and a last line without
 * one counts. A partial line waits for its end.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''
  #endedWithReturn = false

  /** The lines that a chunk completes, without their ends. */
  push(chunk: Uint8Array): readonly string[] {
    return this.#split(this.#decoder.write(chunk))
  }

  /** The last, unfinished line, if any. */
  end(): readonly string[] {
    const lines = this.#split(this.#decoder.end())
    const last = this.#rest === '' ? [] : [this.#rest]
    this.#rest = ''
    return [...lines, ...last]
  }

  #split(text: string): readonly string[] {
    if (text === '') return []
    // A \n that follows a \r over the edge of two chunks belongs to it.
    const fresh = this.#endedWithReturn && text.startsWith('\n') ? text.slice(1) : text
    this.#endedWithReturn = text.endsWith('\r')
    const parts = fresh.includes('\r') ? fresh.split(/\r\n|\r|\n/) : fresh.split('\n')
    if (parts.length === 1) {
      this.#rest += parts[0] ?? ''
      return []
    }
    parts[0] = this.#rest + (parts[0] ?? '')
    this.#rest = parts.pop() ?? ''
    return parts
  }
}
