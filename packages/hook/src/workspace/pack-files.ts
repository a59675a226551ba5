import { closeSync, constants, lstatSync, openSync, readlinkSync, readSync, type Stats, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

const BLOCK = 512

/** Small files travel together, large ones in pieces of this size. */
const PIECE = 256 * 1024

/** So many bytes are written before others have their turn: each small file by itself would cost ten times as much. */
const BREATH = 8 * 1024 * 1024

/**
 * Writes files, directories and links into an archive (POSIX pax) with their modes, owners and times; files that are one are
 * one there too. Sockets, pipes and devices are left out. No link is followed.
 *
 * @param from the directory of the paths, which stand in the archive as `./path`
 * @throws Error ENOENT and the like of a file that is gone or cannot be read, or that became shorter meanwhile
 */
export async function packFiles(archive: string, from: string, paths: readonly string[]): Promise<void> {
  const [{ Header }, { Pax }] = await Promise.all([import('tar/header'), import('tar/pax')])
  const out = new Output(archive)
  const firsts = new Map<string, string>()
  try {
    for (const path of paths) {
      const stats = lstatSync(join(from, path))
      const type = typeOf(stats)
      if (type === undefined) continue
      const id = `${stats.dev}:${stats.ino}`
      const first = type === 'File' && stats.nlink > 1 ? firsts.get(id) : undefined
      if (first === undefined) firsts.set(id, path)
      const size = type === 'File' && first === undefined ? stats.size : 0
      const linkpath = type === 'SymbolicLink' ? readlinkSync(join(from, path)) : first
      const entry = {
        path: `./${path}${type === 'Directory' ? '/' : ''}`,
        ...(linkpath === undefined ? {} : { linkpath }),
        size,
        uid: stats.uid,
        gid: stats.gid,
        mtime: new Date(stats.mtimeMs)
      }
      const header = new Header({ ...entry, mode: stats.mode & 0o7777, type: first === undefined ? type : 'Link' })
      const block = Buffer.alloc(BLOCK)
      // What a plain header has no room for, fractions of a second too.
      const needsMore = header.encode(block)
      if (needsMore || stats.mtimeMs % 1000 !== 0) out.add(new Pax(entry).encode())
      out.add(block)
      if (size > 0) await out.addFile(join(from, path), size)
    }
    out.add(Buffer.alloc(2 * BLOCK))
    out.flush()
  } finally {
    out.close()
  }
}

function typeOf(stats: Stats): 'File' | 'Directory' | 'SymbolicLink' | undefined {
  if (stats.isFile()) return 'File'
  if (stats.isDirectory()) return 'Directory'
  return stats.isSymbolicLink() ? 'SymbolicLink' : undefined
}

/** Collects bytes into pieces of one buffer. */
class Output {
  readonly #file: number
  readonly #buffer = Buffer.allocUnsafe(PIECE)
  #used = 0
  #unbroken = 0

  constructor(path: string) {
    this.#file = openSync(path, 'wx', 0o600)
  }

  add(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const count = bytes.copy(this.#buffer, this.#used, done)
      done += count
      this.#used += count
      if (this.#used === PIECE) this.flush()
    }
  }

  /** Exactly as many bytes as its header says, up to the next block. */
  async addFile(path: string, size: number): Promise<void> {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      for (let left = size; left > 0;) {
        const count = readSync(file, this.#buffer, this.#used, Math.min(left, PIECE - this.#used), null)
        if (count === 0) throw new Error(`${path} became shorter while it was read`)
        left -= count
        this.#used += count
        if (this.#used === PIECE) this.flush()
        await this.#breathe(count)
      }
    } finally {
      closeSync(file)
    }
    this.add(Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK))
  }

  flush(): void {
    for (let done = 0; done < this.#used;) done += writeSync(this.#file, this.#buffer, done, this.#used - done)
    this.#used = 0
  }

  close(): void {
    closeSync(this.#file)
  }

  async #breathe(count: number): Promise<void> {
    this.#unbroken += count
    if (this.#unbroken < BREATH) return
    this.#unbroken = 0
    await setImmediate()
  }
}
