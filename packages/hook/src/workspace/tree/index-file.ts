import { closeSync, openSync, readSync, renameSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

import { writeAll } from '../../files/write-all.js'
import { Index } from './index.js'

/** Rows that are read and written at a time. */
const PART_ROWS = 5000
/** No path has this byte. */
const BETWEEN = '\0'

interface Head {
  readonly more: object
  readonly size: number
}

interface Part {
  readonly paths: string
  readonly numbers: Float64Array
}

/**
 * Keeps an index in a file.
 *
 * @param path of a file of ours, which is whole or as it was before
 * @param more is kept with it
 */
export function saveIndex(path: string, index: Index, more: object): void {
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    writePart(file, { more, size: index.size } satisfies Head)
    for (const { paths, numbers } of index.parts(PART_ROWS)) {
      if (paths.length > 0) writePart(file, { paths: paths.join(BETWEEN), numbers } satisfies Part)
    }
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
}

/** @returns nothing when there is none, or none that can be read: what is lost costs time only */
export function loadIndex(path: string): { readonly index: Index; readonly more: object } | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { more, size } = readPart(file) as Head
    const columns = { paths: [] as string[], numbers: new Float64Array(0) }
    let filled = 0
    while (columns.paths.length < size) {
      const { paths, numbers } = readPart(file) as Part
      const names = paths.split(BETWEEN)
      if (filled === 0) columns.numbers = new Float64Array((numbers.length / names.length) * size)
      columns.numbers.set(numbers, filled)
      filled += numbers.length
      columns.paths.push(...names)
    }
    return { more, index: Index.ofColumns(columns) }
  } catch {
    return undefined
  } finally {
    closeSync(file)
  }
}

/** A part is the number of its bytes, and they. */
function writePart(file: number, part: Head | Part): void {
  const bytes = serialize(part)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  writeAll(file, length)
  writeAll(file, bytes)
}

function readPart(file: number): unknown {
  return deserialize(readExactly(file, readExactly(file, 4).readUInt32BE()))
}

/** @throws RangeError when there is less */
function readExactly(file: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const count = readSync(file, bytes, at, length - at, null)
    if (count === 0) throw new RangeError('The file ends early')
    at += count
  }
  return bytes
}
