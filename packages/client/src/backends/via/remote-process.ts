import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** What a process that was told to end may take. */
const GRACE_MS = 5_000

/** How a process ended: as the other side's program did, if the prefix hands that on. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not be started. */
  readonly why?: string
}

/** A command that carries standard input and output to another machine or container, such as ssh. */
export class RemoteProcess {
  readonly ended: Promise<ProcessEnd>
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #isOver = false

  /** @param words the command, as the system takes it: no shell reads it */
  constructor(words: readonly string[], environment: NodeJS.ProcessEnv) {
    const [program = '', ...args] = words
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment })
    // A process that goes away is told by its end, not by what could not be written any more.
    this.#child.stdin.on('error', () => undefined)
    this.ended = new Promise(resolve => {
      this.#child.on('error', error => {
        this.#isOver = true
        resolve({ code: null, signal: null, why: error.message })
      })
      this.#child.on('close', (code, signal) => {
        this.#isOver = true
        resolve({ code, signal })
      })
    })
  }

  get stdout(): Readable {
    return this.#child.stdout
  }

  get stderr(): Readable {
    return this.#child.stderr
  }

  /** Settles when there is room for more, or when nobody takes it any more. */
  async write(bytes: Uint8Array | string): Promise<void> {
    const { stdin } = this.#child
    if (this.#isOver || stdin.destroyed) return
    if (stdin.write(bytes)) return
    const stop = new AbortController()
    await Promise.race([once(stdin, 'drain', { signal: stop.signal }), once(stdin, 'close', { signal: stop.signal })])
      .catch(() => undefined)
      .finally(() => stop.abort())
  }

  finishInput(): void {
    this.#child.stdin.end()
  }

  /** Ends it: after its input has ended it has a time of its own, then TERM and KILL follow. */
  async end(): Promise<void> {
    this.finishInput()
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#isOverWithin(GRACE_MS)) return
      this.#child.kill(signal)
    }
    // A process that it started may hold the pipes.
    if (await this.#isOverWithin(GRACE_MS)) return
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
  }

  async #isOverWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>(resolve => (timer = setTimeout(() => resolve(false), ms)))
    const over = this.ended.then(() => true)
    return Promise.race([over, late]).finally(() => clearTimeout(timer))
  }
}
