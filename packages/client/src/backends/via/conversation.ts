import { BuildError } from '@kaniko-hooks/builder'
import { readLines } from '../lines.js'
import type { RemoteProcess } from './remote-process.js'
import { SAID } from './script.js'

/** How many lines of the other side are quoted when the connection ends too early. */
const QUOTED_LINES = 5

/** What the other side says in turn, with everything else that comes between. */
export class Conversation {
  readonly #process: RemoteProcess
  readonly #mark: string
  readonly #name: string
  readonly #lines: AsyncGenerator<string, undefined>
  readonly #errors: Promise<void>
  #last: string[] = []

  /**
   * @param mark what begins the other side's own words; nobody else knows it
   * @param name of the command, for errors: its arguments may hold a password
   * @param onError is told each line of its standard error
   */
  constructor(process: RemoteProcess, mark: string, name: string, onError: (line: string) => void) {
    this.#process = process
    this.#mark = mark
    this.#name = name
    this.#lines = readLines(process.stdout)
    this.#errors = this.#hear(onError)
  }

  /**
   * Waits for the next word of the other side.
   *
   * @param onLine is told each line that comes before
   * @returns what follows the word
   * @throws BuildError when it says something else, refuses, or ends: a connection that breaks is never a success
   */
  async next(word: string, onLine: (line: string) => void): Promise<string> {
    return (await this.nextOf([word], onLine)).rest
  }

  /** Waits for the next word, which is one of several. */
  async nextOf(
    words: readonly string[],
    onLine: (line: string) => void
  ): Promise<{ readonly word: string; readonly rest: string }> {
    for (;;) {
      const { value: line } = await this.#lines.next()
      if (line === undefined) return this.#broken()
      const at = line.indexOf(`${this.#mark} `)
      // A program's last line may have no end.
      const before = at === -1 ? line : line.slice(0, at)
      if (before !== '' || at === -1) {
        // An executor's output is shown by whoever reads it.
        if (!words.some(word => word === SAID.end || word === SAID.sent)) this.#keep(before)
        onLine(before)
      }
      if (at === -1) continue
      const said = line.slice(at + this.#mark.length + 1)
      const [first, rest] = splitOnce(said)
      if (words.includes(first)) return { word: first, rest }
      throw new BuildError('POD_FAILED', `the other side of ${this.#name} refused the build: ${rest}`, {
        fault: 'configuration'
      })
    }
  }

  async #broken(): Promise<never> {
    const { code, signal, why } = await this.#process.ended
    await this.#errors
    const how = why ?? (signal === null ? `it ended with exit code ${code ?? 'none'}` : `it was ended by ${signal}`)
    const said = this.#last.length === 0 ? '' : `. Its last words: ${this.#last.join(' | ')}`
    const advice = 'Nothing says that the build succeeded; run the command again'
    const message = `the connection of ${this.#name} ended before the build did: ${how}${said}. ${advice}`
    throw new BuildError('POD_FAILED', message, { fault: why === undefined ? 'cluster' : 'configuration' })
  }

  async #hear(onError: (line: string) => void): Promise<void> {
    try {
      for await (const line of readLines(this.#process.stderr)) {
        this.#keep(line)
        onError(line)
      }
    } catch {
      // The stream was taken away; the process's end tells more.
    }
  }

  #keep(line: string): void {
    if (line.trim() !== '') this.#last = [...this.#last, line.trim().slice(0, 300)].slice(-QUOTED_LINES)
  }
}

function splitOnce(text: string): [string, string] {
  const space = text.indexOf(' ')
  return space === -1 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)]
}
