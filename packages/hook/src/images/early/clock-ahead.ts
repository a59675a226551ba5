import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import { basename, dirname } from 'node:path'

import { inDirectory, type Directory } from '../../files/directory.js'

/** How often the clocks are compared at most, and below which time, in milliseconds, a comparison is exact enough. */
const TRIES = 3
const EXACT_MS = 20

/**
 * How far the clock that dates the files of a directory, which is no link, is ahead of this machine's: a file server has its own. A file is made
 * there and removed. What its making takes counts as being ahead, so that whatever is compared looks older, not younger; a machine that
 * stalls meanwhile is asked again.
 *
 * @param now this machine's clock, in milliseconds since 1970
 * @returns milliseconds, negative for a clock that is behind
 * @throws the system's error when no file can be made
 */
export function clockAhead(path: string, now: () => number): number {
  return inDirectory(dirname(path), [basename(path)], directory => {
    let ahead = Infinity
    for (let tries = 0, took = Infinity; tries < TRIES && took > EXACT_MS; tries += 1) {
      const before = now()
      ahead = Math.min(ahead, timeOfNewFile(directory) - before)
      took = now() - before
    }
    return ahead
  })
}

function timeOfNewFile(directory: Directory): number {
  const name = `.clock-${randomUUID()}`
  const file = directory.create(name, 0o600)
  try {
    return fstatSync(file).ctimeMs
  } finally {
    closeSync(file)
    directory.clear(name)
  }
}
