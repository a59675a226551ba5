import { createHash } from 'node:crypto'
import { closeSync, fstatSync, readSync } from 'node:fs'
import type { Header } from 'tar/header'
import { BuildError } from '../errors.js'
import type { Context, ContextEntry } from './context.js'
import { openInside } from './inside.js'

/** A context as the archive that is sent. It can be sent several times. */
export interface ContextArchive {
  /** The archive's exact length, known before it is sent. */
  readonly bytes: number
  /**
   * Sends the archive piece by piece, each after the one before was taken.
   *
   * @returns the SHA-256 of what was sent, as hex
   * @throws BuildError `CONTEXT_FAILED` when a file has changed since the context was read
   */
  send(write: (chunk: Uint8Array) => Promise<void>): Promise<string>
}

/** In the archive: the context, the Dockerfile with files of its own, and the ignore file that the builder finds beside it. */
export const PACKED = {
  context: 'context',
  dockerfile: 'Dockerfile',
  ignore: 'Dockerfile.dockerignore',
  inline: 'inline'
} as const

/** The rules were applied here; a builder that looks for some must not find those of the context and apply them again. */
const NO_RULES = '# Applied before.\n'

const BLOCK = 512

/** Small files travel together, large ones in pieces of this size. */
const PIECE = 256 * 1024

/** Two empty blocks, and no padding to a record: nothing is left in the pipe when the reader has seen them. */
const END = Buffer.alloc(2 * BLOCK)

/**
 * Packs a context as a POSIX tar (pax): every owner is root, as in Docker, while modes (with setuid, setgid and
 * sticky bits) and times (whole seconds) are kept. `tar`'s own `Pack` would mask group write. For names see `PACKED`.
 */
export async function packContext(context: Context): Promise<ContextArchive> {
  // Only a step that builds pays for loading them.
  const [{ Header }, { Pax }] = await Promise.all([import('tar/header'), import('tar/pax')])

  const head = (entry: ContextEntry): Buffer => {
    const data = {
      path: entry.kind === 'directory' ? `${entry.path}/` : entry.path,
      mode: entry.mode,
      uid: 0,
      gid: 0,
      uname: 'root',
      gname: 'root',
      mtime: new Date(Math.floor(entry.mtimeMs / 1000) * 1000),
      size: entry.kind === 'file' ? entry.size : 0,
      ...(entry.kind === 'symlink' ? { linkpath: entry.target } : {})
    }
    const type = entry.kind === 'file' ? 'File' : entry.kind === 'directory' ? 'Directory' : 'SymbolicLink'
    const header: Header = new Header({ ...data, type })
    const block = Buffer.alloc(BLOCK)
    if (!header.encode(block)) return block
    const { path, linkpath, size } = { linkpath: undefined, ...data }
    const large = size > MAX_USTAR_SIZE ? { size } : {}
    const pax = new Pax({ path, mtime: data.mtime, ...(linkpath === undefined ? {} : { linkpath }), ...large })
    return Buffer.concat([pax.encode(), block])
  }

  const texts = [
    { path: PACKED.dockerfile, mode: 0o644, content: context.dockerfileBytes ?? Buffer.from(context.dockerfileText) },
    { path: PACKED.ignore, mode: 0o644, content: Buffer.from(NO_RULES) },
    ...(context.inlineFiles ?? []).map(file => ({ ...file, content: Buffer.from(file.content) }))
  ]
  const beside = texts.map(({ path, mode, content }) => {
    const block = head({ kind: 'file', path, mode, mtimeMs: 0, size: content.length, sha256: '' })
    return Buffer.concat([block, content, Buffer.alloc(padToBlock(content.length) - content.length)])
  })
  const newest = context.entries.reduce((last, { mtimeMs }) => Math.max(last, mtimeMs), 0)
  const top = { kind: 'directory', path: PACKED.context, mode: 0o755, mtimeMs: newest } as const
  const packed = (entry: ContextEntry): Buffer => head({ ...entry, path: `${PACKED.context}/${entry.path}` })
  const entries = inSendingOrder(context.entries)
  let bytes = Buffer.concat(beside).length + head(top).length + END.length
  for (const entry of entries) bytes += packed(entry).length + padToBlock(entry.kind === 'file' ? entry.size : 0)

  return {
    bytes,
    async send(write) {
      const hash = createHash('sha256')
      const out = new Pieces(async chunk => {
        hash.update(chunk)
        await write(chunk)
      })
      for (const text of beside) await out.add(text)
      for (const entry of entries) {
        await out.add(packed(entry))
        if (entry.kind === 'file') await sendFile(context.directory, entry, out)
      }
      await out.add(head(top))
      await out.add(END)
      await out.flush()
      return hash.digest('hex')
    }
  }
}

/**
 * Directories last, the deepest first: a root without capabilities could write nothing into a directory that has become
 * read-only. GNU tar puts off the modes of directories by itself, busybox does not.
 */
function inSendingOrder(entries: readonly ContextEntry[]): readonly ContextEntry[] {
  const directories = entries.filter(entry => entry.kind === 'directory')
  return [...entries.filter(entry => entry.kind !== 'directory'), ...directories.reverse()]
}

/** 11 octal digits (POSIX.1-2017 pax, "ustar Interchange Format"). */
const MAX_USTAR_SIZE = 0o77777777777

function padToBlock(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

type FileEntry = Extract<ContextEntry, { kind: 'file' }>

async function sendFile(root: string, entry: FileEntry, out: Pieces): Promise<void> {
  const changed = (what: string): BuildError =>
    new BuildError('CONTEXT_FAILED', `${entry.path} ${what} while the build context was sent; run the step again`)
  const file = openFile(root, entry)
  const content = createHash('sha256')
  try {
    let left = entry.size
    while (left > 0) {
      const bytesRead = await out.fill(left, (buffer, offset, length) => {
        const count = readSync(file, buffer, offset, length, null)
        content.update(buffer.subarray(offset, offset + count))
        return count
      })
      if (bytesRead === 0) throw changed('became shorter')
      left -= bytesRead
    }
    // Times can be set back by whoever changes a file; its content cannot.
    if (fstatSync(file).size !== entry.size || content.digest('hex') !== entry.sha256) throw changed('was changed')
    await out.add(END.subarray(0, padToBlock(entry.size) - entry.size))
  } finally {
    closeSync(file)
  }
}

/**
 * Files are read synchronously: thousands of small ones are typical, and each detour through the thread pool costs ten
 * times the read itself. Between pieces the event loop has its turn.
 */
function openFile(root: string, { path, source = path }: FileEntry): number {
  try {
    return openInside(root, source, 'file')
  } catch (cause) {
    const why = (cause as Error).message
    throw new BuildError('CONTEXT_FAILED', `${path} in the build context cannot be read: ${why}`, { cause })
  }
}

/** Collects bytes into pieces of one buffer. */
class Pieces {
  readonly #buffer = Buffer.allocUnsafe(PIECE)
  readonly #write: (chunk: Uint8Array) => Promise<void>
  #used = 0

  constructor(write: (chunk: Uint8Array) => Promise<void>) {
    this.#write = write
  }

  async add(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const copied = bytes.copy(this.#buffer, this.#used, done)
      done += copied
      this.#used += copied
      if (this.#used === PIECE) await this.flush()
    }
  }

  /** Lets `read` write at most `limit` bytes where the next ones belong. */
  async fill(limit: number, read: (buffer: Buffer, offset: number, length: number) => number): Promise<number> {
    const bytesRead = read(this.#buffer, this.#used, Math.min(limit, PIECE - this.#used))
    this.#used += bytesRead
    if (this.#used === PIECE) await this.flush()
    return bytesRead
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return
    // The socket may keep a reference: what was handed over is not written to again.
    const piece = Buffer.from(this.#buffer.subarray(0, this.#used))
    this.#used = 0
    await this.#write(piece)
  }
}
