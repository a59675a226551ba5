import { chmodSync, lstatSync, readdirSync, unlinkSync, type Stats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

import { Directory } from '../../files/directory.js'
import { nameOf } from '../../files/names.js'
import { type Entry, entryOf } from './entry.js'
import { type Cursor, Index } from './index.js'
import { PART } from './leaves-out.js'

/** A tree that is deeper is a trap: each level holds an open file. */
const MAX_DEPTH = 500
/** Each entry takes some 200 bytes of memory, and a runner has little. */
const MAX_ENTRIES = 1_000_000
/** So many entries are looked at before others have their turn. */
const BREATH = 400
/** What is known of so many lies in memory twice. */
const AT_ONCE = 200

export interface ScanOptions {
  /** What is not looked at, by its path. */
  readonly leavesOut: (path: string) => boolean
  /** What is known of the tree already. */
  readonly known?: Index
  /** Gives this user the rights to read what is his own. */
  readonly opens: boolean
  /** See `Side`. */
  readonly opensOthers: boolean
}

export interface Scan {
  readonly index: Index
  /** Directories that could not be looked into; '' for the root. */
  readonly closed: readonly string[]
}

/**
 * Looks at all that is below a directory. No link is followed, whatever is exchanged meanwhile: directories are held open.
 *
 * @param root is trusted, and so is the way to it
 * @throws RangeError for more than `MAX_ENTRIES`
 */
export async function scan(root: string, options: ScanOptions): Promise<Scan> {
  const walk = new Walk(root, options)
  await walk.into('', () => Directory.open(root), 0)
  return walk
}

class Walk implements Scan {
  readonly index = new Index()
  readonly closed: string[] = []
  readonly #root: string
  readonly #options: ScanOptions
  readonly #known: Cursor | undefined
  #breath = BREATH

  constructor(root: string, options: ScanOptions) {
    this.#root = root
    this.#options = options
    this.#known = options.known?.cursor()
  }

  async into(path: string, enter: () => Directory, depth: number): Promise<void> {
    let directory: Directory | undefined
    try {
      directory = enter()
      await this.#all(directory, path, depth)
    } catch (error) {
      if (error instanceof RangeError) throw error
      // What went meanwhile is not there.
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) this.closed.push(path)
    } finally {
      directory?.close()
    }
  }

  #entryOf(stats: Stats): Entry {
    const entry = entryOf(stats)
    const isOpened = this.#options.opensOthers && entry.kind === 'd' && stats.uid !== 0
    return isOpened ? { ...entry, mode: entry.mode | 0o777 } : entry
  }

  async #all(directory: Directory, path: string, depth: number): Promise<void> {
    const names = namesIn(directory, this.#options)
    const above = path === '' ? '' : `${path}/`
    const below: Below[] = []
    for (let at = 0; at < names.length; at += AT_ONCE) {
      this.#look(directory, above, names.slice(at, at + AT_ONCE), below)
      this.#breath -= Math.min(AT_ONCE, names.length - at)
      if (this.#breath > 0) continue
      this.#breath = BREATH
      await setImmediate()
    }
    for (const { name, stats } of below) {
      const place = above + name
      if (depth === MAX_DEPTH) {
        this.closed.push(place)
        continue
      }
      const enter = (): Directory => {
        if (this.#options.opens) open(directory, name, stats)
        return directory.enter(name)
      }
      await this.into(place, enter, depth + 1)
    }
  }

  /** Looks at some names of a directory, and notes directories among them in `below`. */
  #look(directory: Directory, above: string, names: readonly string[], below: Below[]): void {
    if (names.includes(PART)) removePart(directory)
    const wanted: string[] = []
    const places: string[] = []
    for (const name of names) {
      const place = this.#known?.take(above, name) ?? above + name
      if (this.#options.leavesOut(place)) continue
      wanted.push(name)
      places.push(place)
    }
    const all = directory.lookAtAll(wanted, `${this.#root}/${above.slice(0, -1)}`)
    for (const [at, stats] of all.entries()) {
      const [name, place] = [wanted[at], places[at]]
      if (stats === undefined || name === undefined || place === undefined) continue
      this.index.add(place, this.#entryOf(stats))
      if (this.index.size > MAX_ENTRIES) throw new RangeError(`There are more than ${MAX_ENTRIES} files`)
      if (stats.isDirectory()) below.push({ name, stats })
    }
  }
}

/** A directory in the one that is looked at. */
interface Below {
  readonly name: string
  readonly stats: Stats
}

function namesIn(directory: Directory, { opens }: ScanOptions): string[] {
  let names: string[]
  try {
    names = readdirSync(directory.path)
  } catch (error) {
    if (!opens || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    open(directory, undefined, lstatSync(`${directory.path}/.`))
    names = readdirSync(directory.path)
  }
  if (!names.some(name => name.includes('\ufffd'))) return names
  return readdirSync(directory.path, { encoding: 'buffer' }).map(nameOf)
}

/** A transfer that was killed leaves one, and none is under way while somebody looks. */
function removePart(directory: Directory): void {
  try {
    unlinkSync(directory.at(PART))
  } catch {
    // Somebody else's: it does not travel.
  }
}

/** A step can leave directories that their owner may not read. */
function open(parent: Directory, name: string | undefined, { mode }: Stats): void {
  if ((mode & 0o700) === 0o700) return
  try {
    chmodSync(name === undefined ? `${parent.path}/.` : parent.at(name), (mode & 0o7777) | 0o700)
  } catch {
    // Of another user: to enter it tells.
  }
}
