import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

import type { Entry, Index, Kind } from './index.js'

/** An index as it is kept in a file, with the name of the state of the tree. */
export type Kept<More extends object> = More & { readonly generation: string; readonly index: Index }

/** Numbers of an entry. */
const WIDTH = 5

/** In columns: JSON takes several times as long for a hundred thousand entries, and more memory. */
interface Columns {
  readonly more: object
  /** Separated by a byte that no path has. */
  readonly paths: string
  readonly kinds: string
  readonly numbers: Float64Array
}

/** @param path of a file of ours, which is whole or as it was before */
export function saveIndex<More extends object>(path: string, { index, ...more }: Kept<More>): void {
  const numbers = new Float64Array(index.size * WIDTH)
  let kinds = ''
  let at = 0
  for (const { kind, mode, inode, size, mtime, ctime } of index.values()) {
    kinds += kind
    numbers.set([mode, inode, size, mtime, ctime], at)
    at += WIDTH
  }
  const columns: Columns = { more, paths: [...index.keys()].join('\0'), kinds, numbers }
  writeFileSync(`${path}.new`, serialize(columns), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** @returns nothing when there is none, or none that can be read: what is lost costs time only */
export function loadIndex<More extends object>(path: string): Kept<More> | undefined {
  try {
    const { more, paths, kinds, numbers } = deserialize(readFileSync(path)) as Columns
    const index: Index = new Map()
    if (kinds !== '') {
      for (const [row, name] of paths.split('\0').entries()) index.set(name, entryAt(kinds, numbers, row))
    }
    return { ...(more as Kept<More>), index }
  } catch {
    return undefined
  }
}

function entryAt(kinds: string, numbers: Float64Array, row: number): Entry {
  const number = (column: number): number => numbers[row * WIDTH + column] ?? 0
  return {
    kind: kinds[row] as Kind,
    mode: number(0),
    inode: number(1),
    size: number(2),
    mtime: number(3),
    ctime: number(4),
    links: 1,
    room: 0
  }
}
