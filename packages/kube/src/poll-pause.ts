/**
 * How long to wait before something is looked at again. Most of what is waited for comes within a second; what takes minutes
 * is looked at seldom.
 *
 * @param ageMs since when it is waited for
 * @returns milliseconds
 */
export function pollPause(ageMs: number): number {
  if (ageMs < 1_000) return 100
  return ageMs < 20_000 ? 250 : 1_000
}
