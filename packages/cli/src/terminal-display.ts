const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const

const FRAME_MS = 120

const ERASE_LINE = '\r\u001B[2K'

/** Colours may stay; whatever else moves the cursor or rings the bell would spoil the display, or pretend to be ours. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /\u001B\[[0-9;]*m|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g

/** Text of others that neither moves a cursor nor rings a bell. */
export function withoutControls(text: string): string {
  return text.replaceAll(CONTROLS, found => (found.length > 1 ? found : ''))
}

/** A terminal on which lines go by above one that says what goes on, and since when. */
export class TerminalDisplay {
  readonly #write: (text: string) => void
  readonly #columns: number
  #status: string | undefined
  #since = 0
  #frame = 0
  #timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => void, columns: number) {
    this.#write = write
    this.#columns = columns
  }

  line(text: string): void {
    this.#write(`${this.#status === undefined ? '' : ERASE_LINE}${withoutControls(text)}\u001B[0m\n${this.#drawn()}`)
  }

  status(text: string): void {
    this.#status = text
    this.#since = performance.now()
    this.#write(ERASE_LINE + this.#drawn())
    this.#timer ??= setInterval(() => {
      this.#frame += 1
      this.#write(ERASE_LINE + this.#drawn())
    }, FRAME_MS)
    this.#timer.unref()
  }

  /** The last lines; nothing is rewritten any more. */
  end(lines: readonly string[]): void {
    clearInterval(this.#timer)
    const hadStatus = this.#status !== undefined
    this.#status = undefined
    if (hadStatus) this.#write(ERASE_LINE)
    lines.forEach(line => this.line(line))
  }

  #drawn(): string {
    if (this.#status === undefined) return ''
    const seconds = Math.floor((performance.now() - this.#since) / 1000)
    return `${FRAMES[this.#frame % FRAMES.length] ?? ''} ${this.#status} ${seconds} s`.slice(0, this.#columns - 1)
  }
}
