/**
 * Work that a test file does side by side, to be looked at by one test after the other. The tasks of one lane run in
 * their order; a task that fails fails only the tests that ask for it.
 */
export class Lanes<T> {
  readonly #results = new Map<string, Promise<T>>()

  /** Starts a lane. */
  start(tasks: Readonly<Record<string, () => Promise<T>>>): void {
    let before: Promise<unknown> = Promise.resolve()
    for (const [name, task] of Object.entries(tasks)) {
      const result = before.then(task)
      before = result.catch(() => undefined)
      this.#results.set(name, result)
    }
  }

  /** When every task of every lane is done, however it went. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#results.values())
  }

  /** What a task gave, once it is done. */
  async result(name: string): Promise<T> {
    const result = this.#results.get(name)
    if (result === undefined) throw new Error(`no task is called "${name}"`)
    return result
  }
}
