import { undoAll, type Undo } from '../stand-ins/registries/objects.js'

/** What a suite makes outside of its own namespace: it goes at the end, however far the set-up came. */
export class Made {
  readonly #undo: Undo[] = []

  /**
   * Notes what is being made.
   *
   * @param remove takes it away; gets nothing when it could not be made, for what there is of it all the same
   */
  async keep<T>(making: T | Promise<T>, remove: (made: T | undefined) => Promise<void> | undefined): Promise<T> {
    const made = Promise.resolve(making)
    this.#undo.push(async () => remove(await made.catch(() => undefined)))
    return made
  }

  /** Takes all of it away, the last first: also what was still being made when the set-up failed. */
  async remove(): Promise<void> {
    await undoAll(this.#undo)
  }
}
