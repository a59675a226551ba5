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
const BATCH_BYTES = 1024 * 1024
const BATCH_ROWS = 1000
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
    for (const path of new Set([...first.flatMap(path => pathsTo(path, now)), ...first]))
      await this.#one(path, now.get(path))
    await this.#flush()
    for (const path of changed) if (first.length === 0 || !isFirst(path)) await this.#one(path, now.get(path))
    await this.#flush()
    const sent = { files: this.#files, bytes: this.#bytes, closed: this.#closed }
    await this.#tell({ sent })
    return { ...sent, unsettled: this.#unsettled }
  }

  async #one(path: string, entry: Entry | undefined): Promise<void> {
    if (entry === undefined || entry.kind === 'o') return
    const { kind, mode, mtime, links } = entry
    if (kind === 'd') return this.#add([path, 'd', mode, mtime])
    const first = links > 1 ? this.#firsts.get(entry.inode) : undefined
    if (first !== undefined) return this.#add([path, 'h', mode, mtime, first])
    try {
      const directory = this.#directory(parentOf(path))
      const name = path.slice(path.lastIndexOf('/') + 1)
      if (kind === 'l') {
        const target = nameOf(readlinkSync(directory.at(name), { encoding: 'buffer' }))
        await this.#add([path, 'l', mode, mtime, target])
        return
      }
      const file = directory.openFor(name)
      try {
        await this.#file(path, entry, file)
      } finally {
        closeSync(file)
      }
      if (links > 1) this.#firsts.set(entry.inode, path)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM', 'EIO', 'ENXIO', 'ESTALE'].includes(code))
        throw error
      this.#unsettled.push(path)
      // What is something else by now, or gone, is no news.
      if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') this.#closed.push(path)
    }
  }

  async #file(path: string, entry: Entry, file: number): Promise<void> {
    const stats = fstatSync(file)
    if (!stats.isFile()) {
      this.#unsettled.push(path)
      return
    }
    const { mode, mtime } = entry
    // Of a file that grows, no more than there was when it was found: it is sent again anyway.
    if (entry.size > SMALL) {
      await this.#flush()
      await this.#large([path, 'f', mode, mtime, entry.size], file)
    } else {
      if (this.#used + SMALL > BATCH_BYTES) await this.#flush()
      let size = 0
      for (let count = 1; count > 0 && size < entry.size; size += count) {
        count = readSync(file, this.#batch, this.#used + size, entry.size - size, null)
      }
      this.#used += size
      this.#bytes += size
      await this.#add([path, 'f', mode, mtime, size])
    }
    if (!isSame(entry, entryOf(fstatSync(file)))) this.#unsettled.push(path)
  }

  async #large(row: Extract<Row, readonly [string, 'f', ...unknown[]]>, file: number): Promise<void> {
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

  async #add(row: Row): Promise<void> {
    this.#rows.push(row)
    if (this.#rows.length === BATCH_ROWS) await this.#flush()
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

  #directory(path: string): Directory {
    if (this.#last?.path === path) return this.#last.directory
    this.close()
    const directory = Directory.reach(this.#root, path === '' ? [] : path.split('/'))
    this.#last = { path, directory }
    return directory
  }
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
