/** Takes one line of progress. */
export type Log = (line: string) => void

/** What is done by then needs no word about its start. */
const SHORT_MS = 1_000
const STILL_MS = 60_000

/** Says when a step starts, that it still goes on, and how long it took. */
export async function step<T>(log: Log, what: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const passed = (): number => (performance.now() - start) / 1000
  const begun = setTimeout(() => log(`${what}: started`), SHORT_MS)
  const beat = setInterval(() => log(`${what}: goes on, ${Math.round(passed() / 60)} min so far`), STILL_MS)
  try {
    const result = await action()
    log(`${what}: done in ${passed().toFixed(1)} s`)
    return result
  } finally {
    clearTimeout(begun)
    clearInterval(beat)
  }
}
