import { closeSync, fstatSync, readlinkSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

import { Directory } from '../../files/directory.js'
import { nameOf } from '../../files/names.js'
import type { Changes } from './compare.js'
import { dataFrame, messageFrame } from './frames.js'
import { type Entry, entryOf, isSame } from './entry.js'
import type { Index } from './index.js'
import { parentOf } from './paths.js'

/** What a path becomes: a file of so many bytes, a directory, a link to a target, a further name of a file that came before. */
export type Row =
  | readonly [path: string, kind: 'f', mode: number, mtime: number, size: number]
  | readonly [path: string, kind: 'd', mode: number, mtime: number]
  | readonly [path: string, kind: 'l', mode: number, mtime: number, target: string]
  | readonly [path: string, kind: 'h', mode: number, mtime: number, first: string]

/** The messages of a transfer, in this order; `bytes` of the files of `rows` follow in one frame of data. */
export type TransferMessage =
  | { readonly files: number; readonly bytes: number }
  | { readonly renames: Changes['renames'] }
  | { readonly removed: readonly string[] }
  | { readonly rows: readonly Row[] }
  /** A large file: data and holes follow, up to `end`. */
  | { readonly large: Row }
  | { readonly hole: number }
  | { readonly end: boolean }
  | { readonly sent: { readonly files: number; readonly bytes: number; readonly closed: readonly string[] } }

export interface SendOptions {
  /** What could not be looked into. */
  readonly closed: readonly string[]
  /** Goes before everything else. */
  readonly isFirst: (path: string) => boolean
  /** Takes the next bytes; resolves when there is room for more. */
  readonly write: (bytes: Buffer) => Promise<void>
  /** Told how far it is. */
  readonly onProgress?: (files: number, bytes: number) => void
}

export interface Sent {
  readonly files: number
  readonly bytes: number
  /** What could not be read. */
  readonly closed: readonly string[]
  /** What vanished, or was changed while it was read: nobody knows what the other side has. */
  readonly unsettled: readonly string[]
}

/** A file that is not larger travels with others. */
const SMALL = 128 * 1024
const BATCH_BYTES = 128 * 1024
const BATCH_ROWS = 250
const PIECE = 256 * 1024
const NAMES = 5000
/** So much of a hole is told at a time. */
const HOLE = 256 * 1024 * 1024
const ZEROS = Buffer.alloc(PIECE)

/** Sends what has changed in a tree to whoever has it as it was. No link is followed. */
export async function sendChanges(root: string, now: Index, changes: Changes, options: SendOptions): Promise<Sent> {
  const sending = new Sending(root, options)
  try {
    return await sending.all(now, changes)
  } finally {
    sending.close()
  }
}

class Sending {
  readonly #root: string
  readonly #options: SendOptions
  readonly #closed: string[]
  readonly #unsettled: string[] = []
  /** Of files with several names, the first one that was sent. */
  readonly #firsts = new Map<number, string>()
  readonly #batch = Buffer.allocUnsafe(BATCH_BYTES)
  #used = 0
  #rows: Row[] = []
  #files = 0
  #bytes = 0
  /** Neighbours follow each other. */
  #last: { readonly path: string; readonly directory: Directory } | undefined

  constructor(root: string, options: SendOptions) {
    this.#root = root
    this.#options = options
    this.#closed = [...options.closed]
  }

  close(): void {
    this.#last?.directory.close()
    this.#last = undefined
  }

  async all(now: Index, { renames, removed, changed }: Changes): Promise<Sent> {
    const { isFirst } = this.#options
    await this.#tell({ files: changed.length, bytes: roomOf(changed, now) })
    if (renames.length > 0) await this.#tell({ renames })
    for (let at = 0; at < removed.length; at += NAMES) await this.#tell({ removed: removed.slice(at, at + NAMES) })
    const first = changed.filter(isFirst)
    // A directory comes before what is in it.
    await this.#each([...new Set([...first.flatMap(path => pathsTo(path, now)), ...first])], now)
    await this.#each(first.length === 0 ? changed : changed.filter(path => !isFirst(path)), now)
    const sent = { files: this.#files, bytes: this.#bytes, closed: this.#closed }
    await this.#tell({ sent })
    return { ...sent, unsettled: this.#unsettled }
  }

  /** Reads a batch without waiting for anything, sends it, and so on. */
  async #each(paths: readonly string[], now: Index): Promise<void> {
    for (let at = 0; at < paths.length;) {
      at = this.#fill(paths, at, now)
      await this.#flush()
      const path = paths[at]
      const entry = path === undefined ? undefined : now.get(path)
      if (path === undefined || entry === undefined || !this.#isLarge(entry)) continue
      await this.#large(path, entry)
      at += 1
    }
  }

  /** @returns the place of the path that comes next: there is no room for more, or it has to travel alone */
  #fill(paths: readonly string[], from: number, now: Index): number {
    for (const [offset, path] of paths.slice(from, from + BATCH_ROWS).entries()) {
      const entry = now.get(path)
      if (entry === undefined || entry.kind === 'o') continue
      const size = entry.kind === 'f' && !this.#isFurther(entry) ? entry.size : 0
      if (this.#isLarge(entry) || this.#used + size > BATCH_BYTES) return from + offset
      try {
        this.#add(path, entry)
      } catch (error) {
        this.#lose(path, error)
      }
    }
    return Math.min(from + BATCH_ROWS, paths.length)
  }

  #isLarge(entry: Entry): boolean {
    return entry.kind === 'f' && entry.size > SMALL && !this.#isFurther(entry)
  }

  /** Of such a file the name alone travels. */
  #isFurther({ links, inode }: Entry): boolean {
    return links > 1 && this.#firsts.has(inode)
  }

  #add(path: string, entry: Entry): void {
    const { kind, mode, mtime, links, size, inode } = entry
    if (kind === 'd') {
      this.#rows.push([path, 'd', mode, mtime])
      return
    }
    const first = links > 1 ? this.#firsts.get(inode) : undefined
    if (first !== undefined) {
      this.#rows.push([path, 'h', mode, mtime, first])
      return
    }
    const { directory, name } = this.#place(path)
    if (kind === 'l') {
      const target = nameOf(readlinkSync(directory.at(name), { encoding: 'buffer' }))
      this.#rows.push([path, 'l', mode, mtime, target])
      return
    }
    const file = directory.openFor(name)
    try {
      const stats = fstatSync(file)
      // What is changed from now on has a later time of change than the look has noted.
      if (!isSame(entry, entryOf(stats))) this.#unsettled.push(path)
      if (!stats.isFile()) return
      const count = readWhole(file, this.#batch, this.#used, size)
      this.#rows.push([path, 'f', mode, mtime, count])
      this.#used += count
      this.#bytes += count
    } finally {
      closeSync(file)
    }
    if (links > 1) this.#firsts.set(inode, path)
  }

  #lose(path: string, error: unknown): void {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM', 'EIO', 'ENXIO', 'ESTALE'].includes(code))
      throw error
    this.#unsettled.push(path)
    // What is something else by now, or gone, is no news.
    if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') this.#closed.push(path)
  }

  async #large(path: string, entry: Entry): Promise<void> {
    try {
      const { directory, name } = this.#place(path)
      const file = directory.openFor(name)
      try {
        const isFile = fstatSync(file).isFile()
        // Of a file that grows, no more than there was when it was found: it is sent again anyway.
        if (isFile) await this.#pieces([path, 'f', entry.mode, entry.mtime, entry.size], file)
        if (!isFile || !isSame(entry, entryOf(fstatSync(file)))) this.#unsettled.push(path)
        if (isFile && entry.links > 1) this.#firsts.set(entry.inode, path)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      this.#lose(path, error)
    }
  }

  async #pieces(row: Extract<Row, readonly [string, 'f', ...unknown[]]>, file: number): Promise<void> {
    await this.#tell({ large: row })
    const piece = Buffer.allocUnsafe(PIECE)
    let hole = 0
    for (let left = row[4]; left > 0;) {
      const count = readSync(file, piece, 0, Math.min(PIECE, left), null)
      if (count === 0) break
      left -= count
      const bytes = piece.subarray(0, count)
      if (bytes.equals(ZEROS.subarray(0, count))) {
        hole += count
        if (hole < HOLE) continue
        // Holes may be larger than any disk, and somebody waits for a sign of life.
        await this.#tell({ hole })
        await setImmediate()
        hole = 0
        continue
      }
      if (hole > 0) await this.#tell({ hole })
      hole = 0
      await this.#options.write(dataFrame(bytes))
      this.#bytes += count
      this.#options.onProgress?.(this.#files, this.#bytes)
    }
    if (hole > 0) await this.#tell({ hole })
    await this.#tell({ end: true })
    this.#files += 1
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return
    const rows = this.#rows
    this.#rows = []
    await this.#options.write(Buffer.concat([messageFrame({ rows }), dataFrame(this.#batch.subarray(0, this.#used))]))
    this.#used = 0
    this.#files += rows.length
    this.#options.onProgress?.(this.#files, this.#bytes)
  }

  async #tell(message: TransferMessage): Promise<void> {
    await this.#options.write(messageFrame(message))
  }

  #place(path: string): { readonly directory: Directory; readonly name: string } {
    const above = parentOf(path)
    if (this.#last?.path !== above) {
      this.close()
      this.#last = { path: above, directory: Directory.reach(this.#root, above === '' ? [] : above.split('/')) }
    }
    const { directory } = this.#last
    return { directory, name: path.slice(path.lastIndexOf('/') + 1) }
  }
}

/** @returns the number of bytes, which is less than `size` when the file is shorter by now */
function readWhole(file: number, into: Buffer, at: number, size: number): number {
  let length = 0
  for (let count = 1; count > 0 && length < size; length += count) {
    count = readSync(file, into, at + length, size - length, null)
  }
  return length
}

/** What files will take on a disk. */
export function roomOf(paths: readonly string[], index: Index): number {
  const seen = new Set<number>()
  let room = 0
  for (const path of paths) {
    const entry = index.get(path)
    if (entry === undefined || seen.has(entry.inode)) continue
    if (entry.links > 1) seen.add(entry.inode)
    room += entry.room
  }
  return room
}

function pathsTo(path: string, now: Index): string[] {
  const paths: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) if (now.has(parent)) paths.unshift(parent)
  return paths
}
