import { createHash } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { BuildError } from '../errors.js'
import { attempt, openInside } from './inside.js'

const PIECE = 256 * 1024

/** So many bytes are read before signals have their turn. */
const BREATH = 8 * 1024 * 1024

/** Hashes the files of a context, one after the other. */
export class ContentHash {
  readonly #root: string
  readonly #signal: AbortSignal | undefined
  readonly #buffer = Buffer.allocUnsafe(PIECE)
  #unbroken = 0

  /** @param root the context's directory, without links */
  constructor(root: string, signal?: AbortSignal) {
    this.#root = root
    this.#signal = signal
  }

  /**
   * Reads as many bytes as the file was found to have: one that grows must not be read for ever.
   *
   * @returns SHA-256 in hex
   * @throws BuildError `CONTEXT_FAILED` when it cannot be read or has another length; the signal's reason
   */
  async of({ path, size }: { readonly path: string; readonly size: number }): Promise<string> {
    const hash = createHash('sha256')
    try {
      const file = openInside(this.#root, path, 'file')
      try {
        let left = size
        for (let count = 1; count > 0; left -= count) {
          // Thousands of small files are typical, and each detour through the thread pool costs ten times the read itself.
          count = attempt(() => readSync(file, this.#buffer, 0, Math.min(PIECE, Math.max(left, 1)), null))
          if (count > left) throw new Error('it was changed meanwhile')
          hash.update(this.#buffer.subarray(0, count))
          await this.#breathe(count)
        }
        if (left !== 0) throw new Error('it was changed meanwhile')
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      this.#signal?.throwIfAborted()
      const why = (cause as Error).message
      throw new BuildError('CONTEXT_FAILED', `${path} in the build context cannot be read: ${why}`, { cause })
    }
    return hash.digest('hex')
  }

  async #breathe(count: number): Promise<void> {
    // An empty file costs something too.
    this.#unbroken += count + 4096
    if (this.#unbroken < BREATH) return
    this.#unbroken = 0
    await setImmediate()
    this.#signal?.throwIfAborted()
  }
}
