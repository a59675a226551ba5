import { debugCommand, plainLine, Verbatim, type Line } from './workflow-commands.js'

/**
 * The workflow's log: one stream for the user's output and for lines of ours. The runner obeys a command only where a
 * line begins, and the user's output has to stay as it is, byte by byte.
 */
export class WorkflowLog {
  readonly #write: (chunk: Uint8Array | string) => Promise<void>
  readonly #debug: boolean
  readonly #held: string[] = []
  #isMidLine = false

  /**
   * @param write takes the next piece; resolves when there is room for more
   * @param debug whether `note` prints at all
   */
  constructor(write: (chunk: Uint8Array | string) => Promise<void>, debug: boolean) {
    this.#write = write
    this.#debug = debug
  }

  /** The user's output, as it is. */
  readonly output = async (chunk: Uint8Array | string): Promise<void> => {
    const last = chunk.at(-1)
    if (last !== undefined) this.#isMidLine = last !== '\n' && last !== 10
    await this.#write(chunk)
    if (!this.#isMidLine) for (const text of this.#held.splice(0)) this.note(text)
  }

  /** A line of ours, on a line of its own: output that stopped within a line is ended first. */
  readonly print: Line = line => {
    const text = line instanceof Verbatim ? line.text : plainLine(line)
    void this.#write(this.#isMidLine ? `\n${text}\n` : `${text}\n`)
    this.#isMidLine = false
  }

  /** A line for debug logging, held back while the output stands within a line. */
  readonly note = (text: string): void => {
    if (!this.#debug) return
    if (this.#isMidLine) this.#held.push(text)
    else this.print(debugCommand(text))
  }
}
