/** How long to wait before something is looked at again, in milliseconds, by the milliseconds for which it is waited. */
export type PollPause = (ageMs: number) => number

const SOON_MS = 1_000
const LATE_MS = 20_000
const MIDDLE_PAUSE_MS = 250
const GROWN_PAUSE_MS = 500
const LATE_PAUSE_MS = 1_000

/**
 * For what may come at any time. Most of what is waited for comes within a second; what takes minutes is looked at seldom.
 *
 * @param ageMs since when it is waited for
 * @returns milliseconds
 */
export function pollPause(ageMs: number): number {
  if (ageMs < SOON_MS) return 100
  return ageMs < LATE_MS ? MIDDLE_PAUSE_MS : LATE_PAUSE_MS
}

/**
 * For what cannot come at once: a kubelet looks at its containers once a second, so that none is told to run or to have ended
 * much sooner.
 *
 * @param firstMs when the first look is worth its request
 * @param growth by which part of what was waited so far the next look is put off, where a late one harms nobody; 500 ms at most
 */
export function looksFrom(firstMs: number, growth = 0): PollPause {
  return ageMs => {
    if (ageMs < firstMs) return firstMs - ageMs
    return ageMs < LATE_MS ? Math.min(GROWN_PAUSE_MS, Math.max(MIDDLE_PAUSE_MS, ageMs * growth)) : LATE_PAUSE_MS
  }
}

/** For a pod that was just made. Sandbox, network and the time until the kubelet looks: no container is told to run much sooner. */
export const looksForStart = looksFrom(600)
