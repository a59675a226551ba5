/** Takes one line of progress. */
export type Log = (line: string) => void

/** Says when a long step starts and how long it took. */
export async function step<T>(log: Log, what: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  log(`${what}: started`)
  const result = await action()
  log(`${what}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}
