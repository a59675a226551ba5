import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  type Stats
} from 'node:fs'
import { randomUUID } from 'node:crypto'

import { systemName } from './names.js'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

/** How the new names of directories begin that were in the way. */
export const REPLACED = '_replaced-'

const IF_THERE = { throwIfNoEntry: false } as const

/** For fewer names, to find out where a directory is takes longer than it saves. */
const MANY = 16
/** Of a path that leaves room for a name within the system's 4096 bytes, of which a character takes up to three. */
const LONG = 1200

/**
 * A directory that is held open. Names below it mean the same whatever a job puts in their way meanwhile, and no link is
 * followed: node has no openat(2), but Linux resolves `/proc/self/fd/<n>/<name>` from the directory itself.
 *
 * Its calls are synchronous: the less time lies between a look and the deed, the less there is to race.
 */
export class Directory {
  readonly #descriptor: number

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Opens a directory that is trusted: links on the way to it are the administrator's. */
  static open(path: string): Directory {
    return new Directory(openSync(path, O_RDONLY | O_DIRECTORY))
  }

  /**
   * Walks down from a trusted directory through real directories, and opens the last.
   *
   * @param names the parts of the path
   * @param prepare told of each directory and the name in it that is entered next
   * @throws the system's error when one of them is no directory
   */
  static reach(
    root: string,
    names: readonly string[],
    prepare: (parent: Directory, name: string, depth: number) => void = () => undefined
  ): Directory {
    let directory = Directory.open(root)
    try {
      for (const [depth, name] of names.entries()) {
        prepare(directory, name, depth)
        const next = directory.enter(name)
        directory.close()
        directory = next
      }
      return directory
    } catch (error) {
      directory.close()
      throw error
    }
  }

  /** A path that leads to this directory itself, while it is open. */
  get path(): string {
    return `/proc/self/fd/${this.#descriptor}`
  }

  /**
   * The path of something in this directory, while it is open. Only for calls that do not follow a link at the end.
   *
   * @param name one part of a path
   */
  at(name: string): string | Buffer {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
      throw new Error(`"${name}" is not the name of a file.`)
    }
    const known = systemName(name)
    return typeof known === 'string' ? `${this.path}/${known}` : Buffer.concat([Buffer.from(`${this.path}/`), known])
  }

  /** What is there by this name, a link being a link; undefined when nothing is. */
  look(name: string): Stats | undefined {
    return lstatSync(this.at(name), IF_THERE)
  }

  /**
   * Looks at many names, each as `look` does. That is cheaper by the directory's own path, as long as this very directory is found there
   * before and after: for what was exchanged and came back in between, the worst is that facts of other files are told.
   *
   * @param path by which the directory was reached
   */
  lookAtAll(names: readonly string[], path: string): (Stats | undefined)[] {
    if (names.length >= MANY && path.length < LONG && this.#isAt(path)) {
      const found = names.map(name => lstatSync(systemName(`${path}/${name}`), IF_THERE))
      if (this.#isAt(path)) return found
    }
    return names.map(name => this.look(name))
  }

  #isAt(path: string): boolean {
    const own = fstatSync(this.#descriptor)
    const found = statSync(systemName(path), IF_THERE)
    return found?.ino === own.ino && found.dev === own.dev
  }

  /**
   * Opens a directory in this one.
   *
   * @throws the system's error, ELOOP or ENOTDIR for a link and for whatever else is no directory
   */
  enter(name: string): Directory {
    return new Directory(openSync(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /** Opens what is there for a look or a change of its mode. Neither a link is followed nor a FIFO waited for. */
  openFor(name: string): number {
    return openSync(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  }

  /** Makes a new file, and never writes into one that is there already. */
  create(name: string, mode: number): number {
    return openSync(this.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
  }

  /** Makes a directory in this one. */
  make(name: string): void {
    mkdirSync(this.at(name))
  }

  /**
   * Takes away what is there by this name. A directory gets another name at once, as to empty it would take as long as a
   * job likes; it stays in this one, as only who may write into a directory can move it to another.
   */
  clear(name: string): void {
    if (this.look(name)?.isDirectory() === true) renameSync(this.at(name), this.at(`${REPLACED}${randomUUID()}`))
    else unlinkSync(this.at(name))
  }

  /** Takes away a directory in which nothing is. */
  removeEmpty(name: string): void {
    rmdirSync(this.at(name))
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/**
 * Walks down from a trusted directory through real directories, and does something in the last.
 *
 * @param names the parts of the path
 * @throws the system's error when one of them is no directory
 */
export function inDirectory<T>(root: string, names: readonly string[], body: (directory: Directory) => T): T {
  const directory = Directory.reach(root, names)
  try {
    return body(directory)
  } finally {
    directory.close()
  }
}
