import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import { basename, dirname } from 'node:path'

import { inDirectory } from '../../files/directory.js'

/**
 * How far the clock that dates the files of a directory, which is no link, is ahead of this machine's: a file server has its own. A file is made
 * there and removed. What its making takes counts as being ahead, so that whatever is compared looks older, not younger.
 *
 * @param now this machine's clock, in milliseconds since 1970
 * @returns milliseconds, negative for a clock that is behind
 * @throws the system's error when no file can be made
 */
export function clockAhead(path: string, now: () => number): number {
  return inDirectory(dirname(path), [basename(path)], directory => {
    const name = `.clock-${randomUUID()}`
    const before = now()
    const file = directory.create(name, 0o600)
    try {
      return fstatSync(file).ctimeMs - before
    } finally {
      closeSync(file)
      directory.clear(name)
    }
  })
}
