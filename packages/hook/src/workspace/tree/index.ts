import { type Entry, isSame, type Kind, NEVER } from './entry.js'

const KINDS: readonly Kind[] = ['f', 'd', 'l', 'o']

/** Numbers of a row: kind, mode, inode, size, mtime, ctime, links, room. */
const WIDTH = 8
const [KIND, MODE, INODE, SIZE, MTIME, CTIME, LINKS, ROOM] = [0, 1, 2, 3, 4, 5, 6, 7] as const
const FIRST_ROWS = 64
/** So many paths may be gone between two that are the same. */
const AHEAD = 8

/** Paths, and the same count of numbers for each. */
export interface Columns {
  readonly paths: string[]
  readonly numbers: Float64Array
}

/**
 * A tree as it was at a moment: entries by their paths, directories before what is in them. It is kept in columns: an entry takes a
 * fraction of the memory of an object, and two trees are compared without making any.
 */
export class Index implements Iterable<readonly [path: string, entry: Entry]> {
  /** A path that was deleted leaves its row empty. */
  #paths: (string | undefined)[] = []
  #numbers: Float64Array = new Float64Array(FIRST_ROWS * WIDTH)
  #size = 0
  /** Rows by their paths, from the time that somebody asks for one. */
  #rows: Map<string, number> | undefined

  static of(entries: Iterable<readonly [path: string, entry: Entry]>): Index {
    const index = new Index()
    for (const [path, entry] of entries) index.set(path, entry)
    return index
  }

  /** An index that takes columns over. */
  static ofColumns({ paths, numbers }: Columns): Index {
    const index = new Index()
    index.#paths = paths
    index.#numbers = numbers
    index.#size = paths.length
    return index
  }

  get size(): number {
    return this.#size
  }

  /** One that can be changed without this one. */
  copy(): Index {
    return Index.ofColumns(this.#columns(0, this.#paths.length))
  }

  /** What is in it, of some rows at a time. */
  *parts(rows: number): Generator<Columns> {
    for (let at = 0; at < this.#paths.length; at += rows) {
      yield this.#columns(at, Math.min(at + rows, this.#paths.length))
    }
  }

  #columns(first: number, end: number): Columns {
    const known = this.#paths.slice(first, end)
    const paths = known.filter(path => path !== undefined)
    if (paths.length === known.length) return { paths, numbers: this.#numbers.slice(first * WIDTH, end * WIDTH) }
    const numbers = new Float64Array(paths.length * WIDTH)
    let filled = 0
    for (const [at, path] of known.entries()) {
      if (path === undefined) continue
      const start = (first + at) * WIDTH
      numbers.set(this.#numbers.subarray(start, start + WIDTH), filled)
      filled += WIDTH
    }
    return { paths, numbers }
  }

  has(path: string): boolean {
    return this.#row(path) !== undefined
  }

  get(path: string): Entry | undefined {
    const row = this.#row(path)
    return row === undefined ? undefined : this.#entry(row)
  }

  set(path: string, entry: Entry): void {
    const row = this.#row(path)
    if (row === undefined) this.add(path, entry)
    else this.#write(row, entry)
  }

  /** Adds a path that is not in it yet. */
  add(path: string, entry: Entry): void {
    const row = this.#paths.length
    if ((row + 1) * WIDTH > this.#numbers.length) {
      const grown = new Float64Array(Math.ceil(this.#numbers.length * 1.5) + WIDTH)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#paths.push(path)
    this.#size += 1
    this.#rows?.set(path, row)
    this.#write(row, entry)
  }

  delete(path: string): void {
    const row = this.#row(path)
    if (row === undefined) return
    this.#paths[row] = undefined
    this.#size -= 1
    this.#rows?.delete(path)
  }

  /** A directory has another path now, and so has all that is in it. */
  rename(from: string, to: string): void {
    const rows = new Map<string, number>()
    for (const [row, path] of this.#paths.entries()) {
      if (path === undefined || (path !== from && !path.startsWith(`${from}/`))) continue
      rows.set(to + path.slice(from.length), row)
      this.#paths[row] = undefined
    }
    for (const [row, path] of this.#paths.entries()) {
      if (path === undefined || !rows.has(path)) continue
      this.#paths[row] = undefined
      this.#size -= 1
    }
    for (const [path, row] of rows) this.#paths[row] = path
    this.#rows = undefined
  }

  /**
   * An entry that was changed in the very tick of the kernel's clock in which it was looked at could be changed again in the same
   * tick, without a trace: it is found to differ, whatever it is then.
   *
   * @param moment the time of change of a file that was made when the look began
   */
  forgetSince(moment: number): void {
    for (let row = 0; row < this.#paths.length; row += 1) {
      if (this.#number(row, KIND) !== KINDS.indexOf('d') && this.#number(row, CTIME) >= moment) this.#forget(row)
    }
  }

  /** The path is found to differ, whatever is there then. */
  forget(path: string): void {
    const row = this.#row(path)
    if (row !== undefined) this.#forget(row)
  }

  *paths(): Generator<string> {
    for (const path of this.#paths) if (path !== undefined) yield path
  }

  *[Symbol.iterator](): Generator<readonly [path: string, entry: Entry]> {
    for (const [row, path] of this.#paths.entries()) if (path !== undefined) yield [path, this.#entry(row)]
  }

  /**
   * What is left of this index and a later one when each pair that is the same is taken away. Trees are looked at in the same
   * order again and again, so that nearly all pairs meet; those that do not are left.
   */
  apart(later: Index): { readonly before: Index; readonly now: Index } {
    const left = { before: new Index(), now: new Index() }
    let row = 0
    for (const [at, path] of later.#paths.entries()) {
      if (path === undefined) continue
      for (; row < this.#paths.length && this.#paths[row] !== path; row += 1) {
        const known = this.#paths[row]
        if (known === undefined) continue
        if (later.has(known)) break
        left.before.add(known, this.#entry(row))
      }
      if (this.#paths[row] !== path) left.now.add(path, later.#entry(at))
      else if (this.#isSame(row, later, at)) row += 1
      else {
        left.now.add(path, later.#entry(at))
        left.before.add(path, this.#entry(row))
        row += 1
      }
    }
    for (; row < this.#paths.length; row += 1) {
      const known = this.#paths[row]
      if (known !== undefined) left.before.add(known, this.#entry(row))
    }
    return left
  }

  /** A place in it, for somebody who looks at the same tree in the same order: see `Cursor`. */
  cursor(): Cursor {
    return new Cursor(this.#paths)
  }

  /** Most pairs are the same to the last bit, which is seen without making entries. */
  #isSame(row: number, later: Index, at: number): boolean {
    for (let column = 0; column < LINKS; column += 1) {
      const number = this.#number(row, column)
      if (number !== later.#number(at, column) || number === NEVER) return isSame(this.#entry(row), later.#entry(at))
    }
    return true
  }

  #row(path: string): number | undefined {
    if (this.#rows === undefined) {
      this.#rows = new Map()
      for (const [row, known] of this.#paths.entries()) if (known !== undefined) this.#rows.set(known, row)
    }
    return this.#rows.get(path)
  }

  #number(row: number, column: number): number {
    return this.#numbers[row * WIDTH + column] ?? 0
  }

  #entry(row: number): Entry {
    return {
      kind: KINDS[this.#number(row, KIND)] ?? 'o',
      mode: this.#number(row, MODE),
      inode: this.#number(row, INODE),
      size: this.#number(row, SIZE),
      mtime: this.#number(row, MTIME),
      ctime: this.#number(row, CTIME),
      links: this.#number(row, LINKS),
      room: this.#number(row, ROOM)
    }
  }

  #write(row: number, { kind, mode, inode, size, mtime, ctime, links, room }: Entry): void {
    const numbers = this.#numbers
    const start = row * WIDTH
    numbers[start + KIND] = KINDS.indexOf(kind)
    numbers[start + MODE] = mode
    numbers[start + INODE] = inode
    numbers[start + SIZE] = size
    numbers[start + MTIME] = mtime
    numbers[start + CTIME] = ctime
    numbers[start + LINKS] = links
    numbers[start + ROOM] = room
  }

  #forget(row: number): void {
    this.#numbers[row * WIDTH + INODE] = NEVER
  }
}

/** Gives the strings of an index to paths that are the same, so that two looks at a tree do not keep them twice. */
export class Cursor {
  readonly #paths: readonly (string | undefined)[]
  #row = 0

  constructor(paths: readonly (string | undefined)[]) {
    this.#paths = paths
  }

  /**
   * The path of a name in a directory, when it is known. It comes after the path of the last call; most are the very next, so that
   * no string is made.
   *
   * @param above the directory's path with the slash behind it, or ''
   */
  take(above: string, name: string): string | undefined {
    const length = above.length + name.length
    for (let row = this.#row; row < this.#row + AHEAD; row += 1) {
      const known = this.#paths[row]
      if (known?.length !== length || !known.endsWith(name) || !known.startsWith(above)) continue
      this.#row = row + 1
      return known
    }
    return undefined
  }
}
