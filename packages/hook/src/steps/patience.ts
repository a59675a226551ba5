/**
 * What is left of the runner's patience with a cancelled call, in milliseconds after its SIGINT: SIGTERM follows after
 * 7,500, SIGKILL after 10,000.
 */
export class Patience {
  readonly #over = new AbortController()
  readonly #began: Promise<void>
  #since: number | undefined

  /**
   * @param cancelled the runner's SIGINT
   * @param overMs when nothing can be waited for any more
   */
  constructor(cancelled: AbortSignal, overMs: number) {
    this.#began = new Promise(resolve => {
      const begin = (): void => {
        this.#since = Date.now()
        // The process ends without it when there is nothing left to do.
        setTimeout(() => this.#over.abort(), overMs).unref()
        resolve()
      }
      if (cancelled.aborted) begin()
      else cancelled.addEventListener('abort', begin, { once: true })
    })
  }

  /** Aborted when nothing can be waited for any more; never as long as the call is not cancelled. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** How much time there is until so long after SIGINT; endless as long as the call is not cancelled. */
  left(untilMs: number): number {
    return this.#since === undefined ? Infinity : Math.max(0, this.#since + untilMs - Date.now())
  }

  /**
   * Waits for something, but not longer than so long after SIGINT, whenever that comes. What is not waited for goes on.
   *
   * @returns whether it came
   */
  async allows(untilMs: number, work: Promise<unknown>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = this.#began.then(
      () => new Promise<false>(resolve => (timer = setTimeout(resolve, this.left(untilMs), false)))
    )
    try {
      return await Promise.race([work.then(() => true as const), late])
    } finally {
      work.catch(() => undefined)
      clearTimeout(timer)
    }
  }
}
