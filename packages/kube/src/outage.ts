import type { KubeError } from './errors.js'

/** What is over by then is not worth a word. */
const TELL_AFTER_MS = 5_000

/**
 * Tells people that requests are not answered as they should, once this has lasted, and when it is over: one line each,
 * however many requests wait. The lines hold no words of a server.
 */
export class Outage {
  readonly #tell: (sentence: string) => void
  readonly #tellAfterMs: number
  #waiting = 0
  #since = 0
  #isTold = false
  #timer: NodeJS.Timeout | undefined

  constructor(tell: (sentence: string) => void, tellAfterMs = TELL_AFTER_MS) {
    this.#tell = tell
    this.#tellAfterMs = tellAfterMs
  }

  /**
   * A request has failed for the first time and will be sent again.
   *
   * @param what as in "Could not …"
   * @param limitMs for how long it will be
   * @returns to be called once, with whether it was answered in the end
   */
  begin(what: string, error: KubeError, limitMs: number): (isAnswered: boolean) => void {
    this.#waiting += 1
    if (this.#waiting === 1) {
      this.#since = performance.now()
      this.#timer = setTimeout(() => {
        this.#isTold = true
        const why = error.status === undefined ? 'no answer' : `HTTP status ${error.status}`
        this.#tell(
          `The cluster is not available: could not ${what} for ${inWords(this.#tellAfterMs)} (${why}). ` +
            `This is tried for up to ${inWords(limitMs)}; what runs in the cluster goes on.`
        )
      }, this.#tellAfterMs)
    }
    return isAnswered => {
      this.#waiting -= 1
      if (this.#waiting > 0) return
      clearTimeout(this.#timer)
      if (this.#isTold && isAnswered) {
        this.#tell(`The cluster is available again, after ${inWords(performance.now() - this.#since)}.`)
      }
      this.#isTold = false
    }
  }
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} s`
}
