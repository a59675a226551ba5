import { ClusterError, messageOf } from './errors.js'
import type { Layout, ProcessSpec } from './layout.js'
import { isAlive, lastWords, recorded, start } from './processes.js'
import type { Log } from './progress.js'

/** Before a process is started again, by how often it has ended. */
const PAUSES_MS = [500, 2_000, 5_000]

interface Started {
  readonly spec: ProcessSpec
  ends: number
  /** When it is to be started again, on the clock of `performance.now`; undefined while it runs. */
  again?: number
}

/**
 * The processes of a cluster while it starts. Each waits by itself for what it needs, but not for ever, and ends when that
 * is away for a moment: then it is started again, some times.
 */
export class Starting {
  readonly #layout: Layout
  readonly #log: Log
  readonly #pausesMs: readonly number[]
  readonly #started: Started[] = []
  #failure: Error | undefined

  constructor(layout: Layout, log: Log, pausesMs = PAUSES_MS) {
    this.#layout = layout
    this.#log = log
    this.#pausesMs = pausesMs
  }

  /** Starts a process, and has it kept up from now on. */
  start(spec: ProcessSpec): void {
    this.throwFailure()
    start(this.#layout, spec)
    this.#started.push({ spec, ends: 0 })
  }

  /**
   * Starts again what has ended; to be called over and over while something is waited for.
   *
   * @throws ClusterError with its last words when one has ended too often
   */
  keepUp(): void {
    this.throwFailure()
    const records = recorded(this.#layout)
    const now = performance.now()
    for (const process of this.#started) {
      const { spec } = process
      if (process.again === undefined) {
        const record = records.get(spec.name)
        if (record !== undefined && isAlive(record)) continue
        process.again = now + this.#pauseAfter(process)
      }
      if (now < process.again) continue
      delete process.again
      start(this.#layout, spec)
    }
  }

  /** Nothing is started any more, and whoever still waits is told why. */
  giveUp(failure: unknown): void {
    this.#failure ??= failure instanceof Error ? failure : new ClusterError(messageOf(failure))
  }

  /** @throws what it was given up for, if it was */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #pauseAfter(process: Started): number {
    const { name } = process.spec
    const { file, words } = lastWords(this.#layout, name)
    const pause = this.#pausesMs[process.ends]
    process.ends += 1
    if (pause === undefined) {
      const error = new ClusterError(
        `${name} ended ${process.ends} times while the cluster started; its log is ${file}: ${words}`
      )
      this.giveUp(error)
      throw error
    }
    this.#log(`${name} has ended and is started again: ${words}`)
    return pause
  }
}
