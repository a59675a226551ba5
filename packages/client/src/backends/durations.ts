import type { Listener, Phase } from '../backend.js'

/** Measures the phases of a build, each from its first beginning to the next one's; tells the listener of each. */
export class Durations {
  readonly #spent = new Map<Phase, number>()
  #current: { readonly phase: Phase; readonly since: number } | undefined

  begin(phase: Phase, listener: Listener): void {
    if (this.#current?.phase === phase) return
    this.#close()
    this.#current = { phase, since: performance.now() }
    listener.phase(phase)
  }

  /** @returns milliseconds by phase */
  end(): Readonly<Partial<Record<Phase, number>>> {
    this.#close()
    return Object.fromEntries(this.#spent)
  }

  #close(): void {
    if (this.#current === undefined) return
    const { phase, since } = this.#current
    this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + Math.round(performance.now() - since))
    this.#current = undefined
  }
}
