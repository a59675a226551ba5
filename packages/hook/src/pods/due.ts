/** From when on others may clean an object up: `2026-11-29T19` (UTC) when that is soon, else `2026-12-24`. */
export const DUE_LABEL = 'kaniko-hooks/due'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** What is due sooner has the hour in its label. */
const HOURS_AHEAD = 25
/** What is due later has the day on which it is this far ahead, and is looked at from then on. */
const DAYS_AHEAD = 32

/** After so long, what a job needed may have been left: most runners remove their own. */
export const ORPHAN_AGE_MS = HOUR_MS

/**
 * The value of the label.
 *
 * @param atMs when the object is due, in milliseconds of the epoch
 */
export function dueLabel(atMs: number, nowMs = Date.now()): string {
  const ahead = Math.min(atMs - nowMs, DAYS_AHEAD * DAY_MS)
  return ahead < HOURS_AHEAD * HOUR_MS ? hour(nowMs + ahead) : day(nowMs + ahead)
}

/**
 * Selects objects that are due: it names the hours and days that are not over yet, since labels know no "before". So a clean-up
 * reads nothing of what others still need, however much there is, and misses nothing however old it is.
 */
export function dueSelector(nowMs = Date.now()): string {
  const hours = Array.from({ length: HOURS_AHEAD + 1 }, (_, ahead) => hour(nowMs + ahead * HOUR_MS))
  const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => day(nowMs + ahead * DAY_MS))
  return `${DUE_LABEL} notin (${[...hours, ...days].join(',')})`
}

function hour(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13)
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
