import { setFlagsFromString } from 'node:v8'

import type { Index } from './index.js'

/** Of a smaller tree there is not enough to be worth the time. */
const LARGE = 20_000

/**
 * Gives memory back that looks at a tree took: V8 lets garbage lie as long as the machine has memory, which others in the
 * pod may want, and a limit counts. Where node was not started with `--expose-gc` nothing is done.
 */
export function collectGarbage(index: Index): void {
  if (index.size >= LARGE) globalThis.gc?.()
}

/**
 * Lets V8 collect young garbage often, in place of growing the room for it to 48 MB: a look at a large tree makes nothing else.
 * For a process whose command line is somebody else's; the program in a pod is started with `--max-semi-space-size=1`.
 */
export function keepGarbageSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
