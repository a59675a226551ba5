import type { Columns } from './columns.js'
import type { Index } from './index.js'

/** Of a smaller tree there is not enough to be worth the time. */
const LARGE = 20_000

/**
 * Gives memory back that an index took entry by entry: V8 lets garbage lie as long as the machine has memory, which others
 * in the pod may want, and a limit counts. Where node was not started with `--expose-gc` nothing is done.
 */
export function collectGarbage(index: Index | Columns): void {
  if (index.size >= LARGE) globalThis.gc?.()
}
