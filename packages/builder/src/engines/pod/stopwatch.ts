/** Measures phases, in whole milliseconds. */
export class Stopwatch {
  #last = performance.now()

  /** Since the last lap or the start; begins the next lap. */
  lap(): number {
    const now = performance.now()
    const ms = Math.round(now - this.#last)
    this.#last = now
    return ms
  }

  /** A moment, to be subtracted from another one. */
  now(): number {
    return Math.round(performance.now())
  }
}
