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

/** A tree as it was at a moment: entries by their paths, directories before what is in them. */
export type Index = Map<string, Entry>

/** No file has it: an entry with it differs from whatever is found. */
const NEVER = -1

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

/**
 * The entry as it may be remembered. One that was changed in the very tick of the kernel's clock in which it was looked at
 * could be changed again in the same tick, without a trace.
 *
 * @param moment the time of change of a file that was made when the look began
 */
export function remembered(entry: Entry, moment: number): Entry {
  return entry.kind === 'd' || entry.ctime < moment ? entry : { ...entry, inode: NEVER }
}

/** The directories above a path, the nearest first. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) parents.push(parent)
  return parents
}

/** Whether a path lies in one of these directories, of which '' is the root. */
export function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some(directory => directory === '' || path.startsWith(`${directory}/`))
}

/** The directory in which a path lies; '' for the root. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end < 0 ? '' : path.slice(0, end)
}
