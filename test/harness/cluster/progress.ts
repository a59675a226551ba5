/** Takes one line of progress. */
export type Log = (line: string) => void

/** What is done by then needs no word about its start. */
const SHORT_MS = 1_000
const STILL_MS = 60_000

/** Says when a step starts, that it still goes on, and how long it took. */
export async function step<T>(log: Log, what: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const seconds = (): number => (performance.now() - start) / 1000
  const begun = setTimeout(() => log(`${what}: started`), SHORT_MS)
  const beat = setInterval(() => log(`${what}: goes on, ${spoken(seconds())} so far`), STILL_MS)
  try {
    const result = await action()
    log(`${what}: done in ${spoken(seconds())}`)
    return result
  } finally {
    clearTimeout(begun)
    clearInterval(beat)
  }
}

/** A time as people say it: `9.6 s`, `12 min 5 s`. */
export function spoken(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
