import { closeSync, openSync, readFileSync, renameSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

import { writeAll } from '../../files/write-all.js'
import { type Entry, type Index, isSame, type Kind } from './index.js'

/** Numbers of an entry. */
const WIDTH = 5
/** Rows that are read and written at a time. */
const PART_ROWS = 5000
/** No path has this byte. */
const BETWEEN = '\0'

/**
 * An index as it is kept: a hundred thousand entries take a fraction of the memory that they take one by one, and are read
 * and written at once.
 */
export class Columns {
  readonly #paths: readonly string[]
  readonly #kinds: string
  readonly #numbers: Float64Array

  constructor(paths: readonly string[], kinds: string, numbers: Float64Array) {
    this.#paths = paths
    this.#kinds = kinds
    this.#numbers = numbers
  }

  static of(index: Index | Columns): Columns {
    if (index instanceof Columns) return index
    const numbers = new Float64Array(index.size * WIDTH)
    let kinds = ''
    let at = 0
    for (const { kind, mode, inode, size, mtime, ctime } of index.values()) {
      kinds += kind
      numbers[at++] = mode
      numbers[at++] = inode
      numbers[at++] = size
      numbers[at++] = mtime
      numbers[at++] = ctime
    }
    return new Columns([...index.keys()], kinds, numbers)
  }

  get size(): number {
    return this.#paths.length
  }

  /** Entries one by one, to be changed. */
  toIndex(): Index {
    return new Map(this.#paths.map((path, row) => [path, this.#entry(row)]))
  }

  /**
   * What is left of both when each pair that is the same is taken away. Trees are looked at in the same order again and
   * again, so that nearly all pairs meet; those that do not are left.
   */
  apart(now: Index): { readonly before: Index; readonly now: Index } {
    const left = { before: new Map<string, Entry>(), now: new Map<string, Entry>() }
    let row = 0
    const leave = (): void => {
      left.before.set(this.#paths[row] ?? '', this.#entry(row))
      row += 1
    }
    for (const [path, entry] of now) {
      while (row < this.size && this.#paths[row] !== path && !now.has(this.#paths[row] ?? '')) leave()
      if (this.#paths[row] !== path) left.now.set(path, entry)
      else if (isSame(this.#entry(row), entry)) row += 1
      else {
        left.now.set(path, entry)
        leave()
      }
    }
    while (row < this.size) leave()
    return left
  }

  /**
   * @param more is kept with it
   * @param path of a file of ours, which is whole or as it was before
   */
  save(path: string, more: object): void {
    const file = openSync(`${path}.new`, 'w', 0o600)
    try {
      writePart(file, { more, size: this.size })
      for (let row = 0; row < this.size; row += PART_ROWS) {
        const end = Math.min(row + PART_ROWS, this.size)
        const paths = this.#paths.slice(row, end).join(BETWEEN)
        const kinds = this.#kinds.slice(row, end)
        writePart(file, { paths, kinds, numbers: this.#numbers.slice(row * WIDTH, end * WIDTH) })
      }
    } finally {
      closeSync(file)
    }
    renameSync(`${path}.new`, path)
  }

  /** @returns nothing when there is none, or none that can be read: what is lost costs time only */
  static load(path: string): { readonly index: Columns; readonly more: object } | undefined {
    try {
      const bytes = readFileSync(path)
      const head = partAt(bytes, 0)
      const { more, size } = head.part as { readonly more: object; readonly size: number }
      const numbers = new Float64Array(size * WIDTH)
      const paths: string[] = []
      let kinds = ''
      for (let { end } = head; paths.length < size;) {
        const read = partAt(bytes, end)
        const part = read.part as { readonly paths: string; readonly kinds: string; readonly numbers: Float64Array }
        numbers.set(part.numbers, paths.length * WIDTH)
        paths.push(...part.paths.split(BETWEEN))
        kinds += part.kinds
        end = read.end
      }
      return { more, index: new Columns(paths, kinds, numbers) }
    } catch {
      return undefined
    }
  }

  #entry(row: number): Entry {
    const at = row * WIDTH
    return {
      kind: this.#kinds[row] as Kind,
      mode: this.#numbers[at] ?? 0,
      inode: this.#numbers[at + 1] ?? 0,
      size: this.#numbers[at + 2] ?? 0,
      mtime: this.#numbers[at + 3] ?? 0,
      ctime: this.#numbers[at + 4] ?? 0,
      links: 1,
      room: 0
    }
  }
}

/** A part is the number of its bytes, and they. */
function writePart(file: number, part: object): void {
  const bytes = serialize(part)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  writeAll(file, length)
  writeAll(file, bytes)
}

function partAt(bytes: Buffer, at: number): { readonly part: unknown; readonly end: number } {
  const end = at + 4 + bytes.readUInt32BE(at)
  return { part: deserialize(bytes.subarray(at + 4, end)), end }
}
