import {
  closeSync,
  createReadStream,
  fchmodSync,
  fstatSync,
  futimesSync,
  linkSync,
  rmSync,
  symlinkSync,
  writeSync
} from 'node:fs'

import type { ReadEntry } from 'tar/read-entry'

import { HookError, messageOf } from '../report/errors.js'
import { Directory, inDirectory } from '../files/directory.js'
import { MAX_FILE_COMMAND } from './guard.js'
import { FILE_COMMANDS, isEvent, isOfTheRunner, MOUNTED } from './directories.js'

/**
 * Unpacks an archive that a pod made onto the runner's disk. The pod is not trusted, nor is a byte of the archive: nothing
 * is written outside of the directory or through a link, what is the runner's own is left alone, and no entry takes the
 * place of a directory on the way to it. Symbolic links elsewhere are made as they are, wherever they lead, as on a shared
 * volume; they are never followed. Of modes the permissions count.
 *
 * @param to the runner's `_work`; the way to it is trusted
 * @returns what was left out, in sentences: a job that means no harm sends nothing of the kind
 * @throws HookError WORKSPACE when a file could not be written: a lost file must not look like a step that wrote none
 */
export async function unpack(archive: string, to: string): Promise<string[]> {
  const { Parser } = await import('tar/parse')
  const unpacking = new Unpacking(to)
  const parser = new Parser({
    zstd: false,
    brotli: false,
    onReadEntry: entry => unpacking.take(entry),
    onwarn: (code, message) => {
      if (code === 'TAR_ENTRY_INVALID' || code === 'TAR_ABORT') unpacking.lost.push(message)
    }
  })
  try {
    let isFirst = true
    for await (const chunk of createReadStream(archive)) {
      const bytes = chunk as Buffer
      // The parser would take a compressed one too, which can be a thousand times as large as it looks.
      if (isFirst && bytes[0] === 0x1f && bytes[1] === 0x8b) throw new Error('the archive is compressed')
      isFirst = false
      parser.write(bytes)
    }
    parser.end()
  } catch (error) {
    unpacking.lost.push(messageOf(error))
  } finally {
    unpacking.close()
  }
  const [lost] = unpacking.lost
  if (lost !== undefined) {
    throw new HookError('WORKSPACE', `What the step wrote could not be kept on the runner's disk: ${lost}`)
  }
  return unpacking.leftOut
}

class Unpacking {
  readonly lost: string[] = []
  readonly leftOut: string[] = []
  readonly #root: string
  /** The files that the archive brought, by inode: hard links may lead to nothing else. */
  readonly #brought = new Set<number>()
  /** The directory of the last entry: neighbours follow each other. */
  #last: { readonly path: string; readonly directory: Directory } | undefined

  constructor(root: string) {
    this.#root = root
  }

  close(): void {
    this.#last?.directory.close()
    this.#last = undefined
  }

  /** Takes one entry; its bytes are written as they come. */
  take(entry: ReadEntry): void {
    const open: { file?: number | undefined } = {}
    const attempt = (body: () => void): void => {
      try {
        body()
      } catch (error) {
        this.lost.push(`${entry.path}: ${messageOf(error)}`)
        if (open.file !== undefined) closeSync(open.file)
        open.file = undefined
      }
    }
    attempt(() => (open.file = this.#make(entry)))
    entry.on('data', chunk => {
      const { file } = open
      if (file !== undefined) attempt(() => writeAll(file, chunk))
    })
    entry.on('end', () => {
      const { file } = open
      if (file !== undefined) attempt(() => setTime(file, entry.mtime))
      if (open.file !== undefined) closeSync(open.file)
    })
    // Nobody else reads what is left out.
    entry.resume()
  }

  /** @returns the open file into which the entry's bytes go; undefined when there are none to write */
  #make(entry: ReadEntry): number | undefined {
    const names = partsOf(entry.path)
    const path = names.join('/')
    const name = names.pop()
    if (name === undefined || isOfTheRunner(path)) return undefined
    const mode = (entry.mode ?? 0o644) & 0o777
    const isCommand = path.startsWith(`${FILE_COMMANDS}/`)
    switch (entry.type as string) {
      case 'Directory':
      case 'GNUDumpDir':
        if (isCommand || isEvent(path)) return this.#leaveOut(path, 'a directory')
        if (!MOUNTED.includes(path)) this.#directory(names, name, mode)
        return undefined
      case 'SymbolicLink':
        if (isCommand || isEvent(path) || MOUNTED.includes(path)) return this.#leaveOut(path, 'a symbolic link')
        symlinkSync(entry.linkpath ?? '', this.#place(names, name))
        return undefined
      case 'Link':
        if (isCommand || isEvent(path)) throw new Error('a hard link is not taken there')
        if (MOUNTED.includes(path)) return this.#leaveOut(path, 'a hard link')
        this.#hardLink(partsOf(entry.linkpath ?? ''), names, name)
        return undefined
      case 'File':
      case 'OldFile':
      case 'ContiguousFile': {
        if (MOUNTED.includes(path)) return this.#leaveOut(path, 'a file')
        if (isCommand && names.length > 2) return this.#leaveOut(path, 'a directory')
        if (isCommand && entry.size > MAX_FILE_COMMAND) {
          throw new Error(`${entry.size} bytes; the runner takes at most ${MAX_FILE_COMMAND} there`)
        }
        const file = this.#create(names, name)
        // Whatever the job's user may: the runner has to read it, as it sends it to the next container.
        fchmodSync(file, mode | 0o400)
        this.#brought.add(fstatSync(file).ino)
        return file
      }
      default:
        // Devices, FIFOs and what no tar of a work tree has.
        return isCommand ? this.#leaveOut(path, 'a special file') : undefined
    }
  }

  /** @returns undefined, as for all that no bytes are written of */
  #leaveOut(path: string, what: string): number | undefined {
    this.leftOut.push(`The step left ${what} at ${path}, where the runner reads or writes; it was left out.`)
    return undefined
  }

  #create(names: readonly string[], name: string): number {
    this.#place(names, name)
    return this.#parent(names).create(name, 0o600)
  }

  #directory(names: readonly string[], name: string, mode: number): void {
    const parent = this.#parent(names)
    const found = parent.look(name)
    if (found?.isDirectory() !== true) {
      if (found !== undefined) parent.clear(name)
      parent.make(name)
    }
    const file = parent.openFor(name)
    try {
      // The runner has to write into it when its files come.
      fchmodSync(file, mode | 0o700)
    } finally {
      closeSync(file)
    }
  }

  #hardLink(target: readonly string[], names: readonly string[], name: string): void {
    const path = target.join('/')
    const last = target.at(-1)
    if (last === undefined || isOfTheRunner(path)) throw new Error('a hard link to what the step may not have')
    inDirectory(this.#root, target.slice(0, -1), directory => {
      const found = directory.look(last)
      if (found?.isFile() !== true || !this.#brought.has(found.ino)) {
        throw new Error('a hard link to what did not come with it')
      }
      if (path === [...names, name].join('/')) return
      linkSync(directory.at(last), this.#place(names, name))
    })
  }

  /** A path at which nothing is any more, in its directory. */
  #place(names: readonly string[], name: string): string {
    const parent = this.#parent(names)
    const found = parent.look(name)
    if (found?.isDirectory() === true) {
      rmSync(parent.at(name), { recursive: true })
      // It may have been the last entry's, or above it.
      this.close()
      return this.#parent(names).at(name)
    }
    if (found !== undefined) parent.clear(name)
    return parent.at(name)
  }

  /** The directory of an entry. What is missing is made; what is in its way and no directory is replaced. */
  #parent(names: readonly string[]): Directory {
    const path = names.join('/')
    if (this.#last?.path === path) return this.#last.directory
    this.close()
    let directory = Directory.open(this.#root)
    try {
      for (const name of names) {
        const found = directory.look(name)
        if (found?.isDirectory() !== true) {
          if (found !== undefined) directory.clear(name)
          directory.make(name)
        }
        const next = directory.enter(name)
        directory.close()
        directory = next
      }
    } catch (error) {
      directory.close()
      throw error
    }
    this.#last = { path, directory }
    return directory
  }
}

/**
 * The parts of a path in an archive.
 *
 * @throws Error for an absolute path and for one that climbs: no tar of a work tree has such
 */
function partsOf(path: string): string[] {
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  if (path.startsWith('/') || parts.includes('..')) throw new Error('the path leads out of the work directory')
  return parts
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done)
}

function setTime(file: number, mtime: Date | undefined): void {
  if (mtime !== undefined && Number.isFinite(mtime.getTime())) futimesSync(file, new Date(), mtime)
}
