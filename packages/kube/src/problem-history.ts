import type { PodProblem } from './pod-problem.js'

/** For problems that the kubelet tries to get over: so long, or so many failures. */
const GRACE_MS = 20_000
const GRACE_TRIES = 2

/** What was seen of a pod's problems over time: which are fatal by now, and who was told. */
export class ProblemHistory {
  readonly #tell: ((problem: PodProblem) => void) | undefined
  #current: PodProblem | undefined
  #last: PodProblem | undefined
  #told: string | undefined
  #since = 0
  #tries = 0

  constructor(tell: ((problem: PodProblem) => void) | undefined) {
    this.#tell = tell
  }

  /** The problem that was seen last, also when it has gone since. */
  get last(): PodProblem | undefined {
    return this.#last
  }

  /** Takes note of what a poll found, and tells it when it is news. */
  see(problem: PodProblem | undefined, now = performance.now()): void {
    const before = this.#current
    if (problem === undefined) {
      this.#current = undefined
      return
    }
    const same = before !== undefined && family(before) === family(problem) && before.container === problem.container
    if (!same) {
      this.#since = now
      this.#tries = 0
    }
    const backsOff = isBackOff(problem)
    if (!backsOff && (!same || isBackOff(before))) this.#tries += 1
    // A back-off state mostly repeats the failure without its reason: the first words say more.
    this.#current = same && backsOff ? { ...before, reason: problem.reason } : problem
    this.#last = this.#current
    if (this.#current.message === this.#told) return
    this.#told = this.#current.message
    this.#tell?.(this.#current)
  }

  /** The present problem, when there is no more hope. */
  fatal(now = performance.now()): PodProblem | undefined {
    const problem = this.#current
    if (problem?.fatal === 'now') return problem
    if (problem?.fatal !== 'after-grace') return undefined
    return this.#tries >= GRACE_TRIES || now - this.#since >= GRACE_MS ? problem : undefined
  }
}

function isBackOff(problem: PodProblem): boolean {
  return problem.reason.endsWith('BackOff')
}

function family(problem: PodProblem): string {
  return problem.reason.includes('ImagePull') ? 'ImagePull' : problem.reason
}
