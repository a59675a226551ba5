import type { Way } from './slow-way.js'

/** Calls of a container step, so many at once. */
export interface Crowd {
  readonly atOnce: number
  readonly rounds: number
  readonly way: Way
}

/** One of them. */
export interface CrowdSample {
  readonly ms: number
  readonly requests?: number
}
