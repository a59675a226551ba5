import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  renameSync,
  type Stats,
  symlinkSync,
  unlinkSync
} from 'node:fs'

import { Directory, inDirectory } from '../../files/directory.js'
import { shownName, systemName } from '../../files/names.js'
import { removeTree } from '../../files/remove-tree.js'
import { writeAll } from '../../files/write-all.js'
import { entryOf } from './entry.js'
import type { Index } from './index.js'
import { PART } from './leaves-out.js'
import { isBelow } from './paths.js'
import type { Row, TransferMessage } from './send.js'

export interface ReceiveRules {
  /** What is to become of what comes. */
  readonly judge: (row: Row) => 'take' | 'leave'
  /** What is neither removed nor moved. */
  readonly keeps: (path: string) => boolean
  /** Directories that are neither replaced nor removed nor changed, as something is mounted there. */
  readonly isFixed: (path: string) => boolean
  /** Rights that every file and every directory has besides its own. */
  readonly fileMode: number
  readonly directoryMode: number
  /** Whose all becomes; undefined for this user. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
  /** Told of bytes that will be written, and now and then while they are; may throw. */
  readonly onRoom?: (bytes: number) => void
  /** All comes, whatever there was: what both had and does not come is removed. */
  readonly isWhole?: boolean
  /**
   * Whether a small file in a directory that was just made has its name from the beginning: half of one stays when this process is
   * killed meanwhile, and must not be taken for a change then.
   */
  readonly namesAtOnce?: boolean
  /** Told of what could not be taken, in place of an error that ends all. */
  readonly onLost?: (sentence: string) => void
}

/** So many bytes come between two looks at the disk. */
const CHECKED_EACH = 64 * 1024 * 1024

/** With the sticky bit. That of the group stays here: a runner's volume with an fsGroup gives it to every directory. */
const OF_A_DIRECTORY = 0o1777

/** A file on its way, in its directory. */
interface Part {
  readonly names: readonly string[]
  /** What it is called there by now. */
  readonly name: string
  readonly file: number
}

/** This side is not as the other side believes: all has to come. */
export class Diverged extends Error {}

/**
 * Takes what the other side sends into a tree, and notes in the index what is there then. Nothing is written outside of the
 * root or through a link; paths are taken apart before anything is decided. Setuid and the like of files stay away.
 */
export class Receiver {
  readonly #root: string
  readonly #index: Index
  readonly #rules: ReceiveRules
  /** The files that came, by their paths: further names may lead to nothing else. */
  readonly #came = new Set<string>()
  /** Files with further names: each of those changed what is to be known of the others. */
  readonly #named = new Map<string, string[]>()
  /** Directories in which something was changed, and the times that they are to have. */
  readonly #touched = new Map<string, number | undefined>()
  /** Directories that were made here: they are nobody's yet. */
  readonly #fresh = new Set<string>()
  /** Where all comes: what both had, without what has come. */
  readonly #missing: Set<string>
  #waiting: readonly Row[] = []
  #large: { readonly row: Row; readonly part: Part | undefined; at: number } | undefined
  #unchecked = 0
  /** Whether new files are not as they should be by themselves: whose they are, or what this process may not give them (umask, ACL). */
  #corrects: boolean
  #last: { readonly path: string; readonly directory: Directory } | undefined
  files = 0
  bytes = 0
  /** The latest time of change of what was written. */
  latest = 0

  constructor(root: string, index: Index, rules: ReceiveRules) {
    this.#root = root
    this.#index = index
    this.#rules = rules
    this.#missing = new Set(rules.isWhole === true ? index.paths() : [])
    this.#corrects = rules.owner !== undefined && rules.owner.uid !== process.geteuid?.()
  }

  message(message: TransferMessage): void {
    if ('bytes' in message) this.#rules.onRoom?.(message.bytes)
    if ('renames' in message) for (const [from, to] of message.renames) this.#rename(from, to)
    if ('removed' in message) for (const path of message.removed) this.#remove(path)
    if ('rows' in message) this.#waiting = message.rows
    if ('large' in message) this.#large = { row: message.large, part: this.#begin(message.large), at: 0 }
    if ('hole' in message) this.#advance(message.hole)
    if ('end' in message) this.#endLarge()
    if ('sent' in message) this.#keepClosed(message.sent.closed)
  }

  data(bytes: Buffer): void {
    this.#checkRoom(bytes.length)
    if (this.#large !== undefined) {
      const { part, at } = this.#large
      this.#advance(bytes.length)
      if (part !== undefined) writeAll(part.file, bytes, at)
      this.bytes += bytes.length
      return
    }
    let at = 0
    for (const row of this.#waiting) {
      const size = row[1] === 'f' ? row[4] : 0
      if (!Number.isSafeInteger(size) || size < 0 || at + size > bytes.length)
        throw new RangeError('What came does not fit what was announced')
      this.#attempt(row, () => this.#take(row, bytes.subarray(at, at + size)))
      at += size
    }
    this.bytes += at
    this.#waiting = []
  }

  /** Gives directories their times, which all that was written in them has changed. */
  finish(): void {
    this.close()
    for (const path of [...this.#missing].sort().reverse()) this.#remove(path)
    for (const [first, others] of this.#named) {
      const { names, name } = placeOf(first)
      const stats = attempted(() => this.#reach(names).look(name))
      if (stats !== undefined) for (const path of [first, ...others]) this.#note(path, stats)
    }
    this.close()
    for (const [path, mtime] of this.#touched) {
      if (path === '' || this.#rules.isFixed(path)) continue
      const wanted = mtime ?? this.#index.get(path)?.mtime
      try {
        const { names, name } = placeOf(path)
        inDirectory(this.#root, names, parent => {
          if (parent.look(name)?.isDirectory() !== true) return
          if (wanted !== undefined) lutimesSync(parent.at(name), new Date(), timeOf(wanted))
          const stats = parent.look(name)
          if (stats?.isDirectory() === true) this.#index.set(path, entryOf(stats))
        })
      } catch {
        // Gone meanwhile, or another user's: the next look tells.
      }
    }
  }

  close(): void {
    this.#leave()
    const part = this.#large?.part
    this.#large = undefined
    if (part === undefined) return
    closeSync(part.file)
    attempted(() => {
      inDirectory(this.#root, part.names, directory => unlinkSync(directory.at(part.name)))
    })
  }

  /** What could not be read over there may be there. */
  #keepClosed(closed: readonly string[]): void {
    for (const path of this.#missing) {
      if (closed.includes(path) || isBelow(path, closed)) this.#missing.delete(path)
    }
  }

  /** A large file has no more bytes than it was said to have. */
  #advance(count: number): void {
    const large = this.#large
    if (large === undefined) throw new RangeError('What came belongs to no file')
    const size = large.row[1] === 'f' ? large.row[4] : 0
    if (!Number.isSafeInteger(count) || count < 0 || !(large.at + count <= size)) {
      throw new RangeError('What came does not fit what was announced')
    }
    large.at += count
  }

  #checkRoom(bytes: number): void {
    this.#unchecked += bytes
    if (this.#unchecked < CHECKED_EACH) return
    this.#unchecked = 0
    this.#rules.onRoom?.(0)
  }

  #attempt<T>(row: Row, body: () => T): T | undefined {
    try {
      return body()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const sentence = `${shownName(row[0])}: ${message}`
      const { onLost } = this.#rules
      // On a full disk there is no room for the others, either.
      if (onLost === undefined || code === 'ENOSPC' || code === 'EDQUOT') {
        throw Object.assign(new Error(sentence, { cause: error }), code === undefined ? {} : { code })
      }
      onLost(sentence)
      return undefined
    }
  }

  #take(row: Row, bytes: Buffer): void {
    const [path, kind, mode, mtime] = row
    if (this.#rules.judge(row) === 'leave') return
    this.files += 1
    this.#missing.delete(path)
    const { names, name } = placeOf(path)
    if (kind === 'd') {
      this.#directory(names, name, mode, mtime)
      return
    }
    if (this.#rules.isFixed(path)) return
    if (kind === 'f') {
      const part = this.#createNew(names, name, mode) ?? this.#create(names, mode)
      try {
        writeAll(part.file, bytes, 0)
        this.#settle(part, path, mode, mtime)
      } catch (error) {
        if (part.name === name) attempted(() => unlinkSync(this.#parent(names).at(name)))
        throw error
      } finally {
        closeSync(part.file)
      }
      return
    }
    const parent = this.#place(names, name)
    if (kind === 'l') {
      symlinkSync(systemName(row[4]), parent.at(name))
      const { owner } = this.#rules
      if (owner !== undefined) lchownSync(parent.at(name), owner.uid, owner.gid)
      lutimesSync(parent.at(name), new Date(), timeOf(mtime))
    } else {
      if (!this.#came.has(row[4])) throw new Error('a further name of what did not come')
      const first = placeOf(row[4])
      inDirectory(this.#root, first.names, directory => linkSync(directory.at(first.name), parent.at(name)))
      this.#came.add(path)
    }
    const stats = parent.look(name)
    if (stats === undefined) return
    this.#note(path, stats)
    if (kind === 'h') this.#named.set(row[4], [...(this.#named.get(row[4]) ?? []), path])
  }

  #begin(row: Row): Part | undefined {
    return this.#attempt(row, () => {
      if (this.#rules.judge(row) === 'leave' || this.#rules.isFixed(row[0])) return undefined
      const { names } = placeOf(row[0])
      this.files += 1
      this.#missing.delete(row[0])
      return this.#create(names, row[2])
    })
  }

  #endLarge(): void {
    if (this.#large === undefined) return
    const { row, part, at } = this.#large
    this.#large = undefined
    if (part === undefined) return
    this.#attempt(row, () => {
      try {
        ftruncateSync(part.file, at)
        this.#settle(part, row[0], row[2], row[3])
      } finally {
        closeSync(part.file)
      }
    })
  }

  /**
   * Gives a file that is whole its rights, its time and its name: whatever ends a transfer, nothing is ever half of a file. It is
   * looked at by its descriptor, which is cheaper than by its name, and is the file that was written.
   */
  #settle({ names, name, file }: Part, path: string, mode: number, mtime: number): void {
    const { owner } = this.#rules
    const rights = this.#rightsOf(mode)
    const correct = (): void => {
      if (owner !== undefined) fchownSync(file, owner.uid, owner.gid)
      fchmodSync(file, rights)
    }
    if (this.#corrects) correct()
    futimesSync(file, timeOf(mtime), timeOf(mtime))
    if (name === PART) this.#name(path, names)
    let stats = fstatSync(file)
    if (!this.#corrects && ((stats.mode & 0o7777) !== rights || (owner !== undefined && stats.gid !== owner.gid))) {
      this.#corrects = true
      correct()
      stats = fstatSync(file)
    }
    this.#note(path, stats)
    this.#came.add(path)
  }

  #rightsOf(mode: number): number {
    return (mode & 0o777) | this.#rules.fileMode
  }

  #name(path: string, names: readonly string[]): void {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const parent = this.#parent(names)
    this.#touch(names.join('/'))
    try {
      renameSync(parent.at(PART), parent.at(name))
    } catch (error) {
      // A directory is in the way.
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
      const cleared = this.#place(names, name)
      renameSync(cleared.at(PART), cleared.at(name))
    }
  }

  #note(path: string, stats: Stats): void {
    this.#index.set(path, entryOf(stats))
    this.latest = Math.max(this.latest, stats.ctimeMs)
  }

  /** A file under its own name in a directory that is nobody's yet; nothing when there is one all the same. */
  #createNew(names: readonly string[], name: string, mode: number): Part | undefined {
    if (this.#rules.namesAtOnce !== true || !this.#fresh.has(names.join('/'))) return undefined
    return attempted(() => ({ names, name, file: this.#parent(names).create(name, this.#rightsAtFirst(mode)) }))
  }

  /** Until it is its owner's, a file is nobody else's. */
  #rightsAtFirst(mode: number): number {
    return this.#corrects ? 0o600 : this.#rightsOf(mode)
  }

  #create(names: readonly string[], mode: number): Part {
    const path = names.join('/')
    for (let again = 3; ; again -= 1) {
      try {
        this.#touch(path)
        return { names, name: PART, file: this.#parent(names).create(PART, this.#rightsAtFirst(mode)) }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (again === 0 || (code !== 'EEXIST' && code !== 'ENOENT')) throw error
        // What a killed transfer has left; or a directory that somebody has removed.
        if (code === 'EEXIST') removeTree(this.#parent(names), PART)
        else this.#leave()
      }
    }
  }

  #directory(names: readonly string[], name: string, mode: number, mtime: number): void {
    const path = [...names, name].join('/')
    const parent = this.#parent(names)
    const found = parent.look(name)
    if (found?.isDirectory() !== true) {
      if (found !== undefined) parent.clear(name)
      parent.make(name)
      this.#fresh.add(path)
      this.#touch(names.join('/'))
    }
    if (this.#rules.isFixed(path)) return
    const file = parent.openFor(name)
    try {
      const { owner, directoryMode } = this.#rules
      if (owner !== undefined && this.#fresh.has(path)) fchownSync(file, owner.uid, owner.gid)
      fchmodSync(file, (mode & OF_A_DIRECTORY) | directoryMode)
    } finally {
      closeSync(file)
    }
    this.#touched.set(path, mtime)
  }

  #rename(from: string, to: string): void {
    const source = placeOf(from)
    const target = placeOf(to)
    const { isFixed, keeps, judge } = this.#rules
    const isKept = [from, to].some(path => isFixed(path) || keeps(path))
    if (isKept || judge([to, 'd', 0, 0]) === 'leave' || to.startsWith(`${from}/`)) throw new Diverged()
    this.#leave()
    const parent = this.#parent(target.names)
    try {
      inDirectory(this.#root, source.names, directory => {
        if (directory.look(source.name)?.isDirectory() !== true) throw new Diverged()
        if (parent.look(target.name) !== undefined) removeTree(parent, target.name)
        renameSync(directory.at(source.name), parent.at(target.name))
      })
    } catch (error) {
      throw new Diverged(undefined, { cause: error })
    }
    this.#index.rename(from, to)
    this.#touch(source.names.join('/'))
    this.#touch(target.names.join('/'))
    this.#touched.set(to, undefined)
  }

  #remove(path: string): void {
    const { names, name } = placeOf(path)
    if (this.#rules.isFixed(path) || this.#rules.keeps(path)) return
    try {
      const parent = this.#reach(names)
      const isDirectory = parent.look(name)?.isDirectory()
      // A directory in which there is something that the other side does not know stays.
      if (isDirectory === true) parent.removeEmpty(name)
      else if (isDirectory === false) parent.clear(name)
      this.#index.delete(path)
      this.#touched.delete(path)
      this.#fresh.delete(path)
      this.#touch(names.join('/'))
    } catch {
      // Gone already, not empty, or of another user.
    }
  }

  #touch(path: string): void {
    if (!this.#touched.has(path)) this.#touched.set(path, undefined)
  }

  /** The directory of a name at which nothing is any more. */
  #place(names: readonly string[], name: string): Directory {
    const parent = this.#parent(names)
    this.#touch(names.join('/'))
    const found = parent.look(name)
    if (found?.isDirectory() === true) {
      removeTree(parent, name)
      // The last entry's directory may have been in it.
      this.#leave()
      return this.#parent(names)
    }
    if (found !== undefined) parent.clear(name)
    return parent
  }

  #leave(): void {
    this.#last?.directory.close()
    this.#last = undefined
  }

  /** The directory of an entry. What is missing is made; what is in its way and no directory is replaced. */
  #parent(names: readonly string[]): Directory {
    return this.#reach(names, (directory, name, depth) => {
      const found = directory.look(name)
      if (found?.isDirectory() === true) return
      const made = names.slice(0, depth + 1).join('/')
      if (found !== undefined) directory.clear(name)
      directory.make(name)
      this.#fresh.add(made)
      this.#touch(names.slice(0, depth).join('/'))
      this.#touch(made)
    })
  }

  #reach(names: readonly string[], prepare?: Parameters<typeof Directory.reach>[2]): Directory {
    const path = names.join('/')
    if (this.#last?.path === path) return this.#last.directory
    this.#leave()
    const directory = Directory.reach(this.#root, names, prepare)
    this.#last = { path, directory }
    return directory
  }
}

/**
 * The parts of a path.
 *
 * @throws Error for an absolute path and for one that climbs: no tree has such
 */
function placeOf(path: string): { readonly names: string[]; readonly name: string } {
  const names = path.split('/')
  if (names.some(part => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    throw new Error('the path leads out of the work directory')
  }
  return { name: names.pop() ?? '', names }
}

/** A time as node takes it: of the numbers before 1970 node makes the present. */
function timeOf(ms: number): number | Date {
  return ms < 0 ? new Date(ms) : ms / 1000
}

/** Something of no consequence when it fails: what it is about is gone. */
function attempted<T>(body: () => T): T | undefined {
  try {
    return body()
  } catch {
    return undefined
  }
}
