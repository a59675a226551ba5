import type { Stats } from 'node:fs'

/** A file, a directory, a symbolic link, or what does not travel: a socket, a pipe, a device. */
export type Kind = 'f' | 'd' | 'l' | 'o'

/** What one side knows of a path. */
export interface Entry {
  readonly kind: Kind
  /** The permissions, with setuid and the like. */
  readonly mode: number
  readonly inode: number
  /** Bytes. */
  readonly size: number
  /** Milliseconds of the epoch, with fractions. */
  readonly mtime: number
  readonly ctime: number
  /** Names that the file has. */
  readonly links: number
  /** Bytes that it takes on a disk: a hole takes none. */
  readonly room: number
}

/** No file has it: an entry with it differs from whatever is found. */
export const NEVER = -1

export function entryOf(stats: Stats): Entry {
  const kind = stats.isFile() ? 'f' : stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : 'o'
  return {
    kind,
    mode: stats.mode & 0o7777,
    inode: stats.ino,
    size: kind === 'd' ? 0 : stats.size,
    mtime: stats.mtimeMs,
    ctime: stats.ctimeMs,
    links: kind === 'f' ? stats.nlink : 1,
    room: kind === 'f' ? Math.min(stats.size, stats.blocks * 512) : 0
  }
}

/** Whether an entry is as it was. A directory counts by itself, without what is in it. */
export function isSame(before: Entry, now: Entry): boolean {
  if (before.kind !== now.kind || before.mode !== now.mode || before.mtime !== now.mtime) return false
  return (
    now.kind === 'd' ||
    (before.ctime === now.ctime && before.inode === now.inode && before.size === now.size && before.inode !== NEVER)
  )
}
