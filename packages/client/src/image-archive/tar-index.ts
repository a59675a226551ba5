import type { FileHandle } from 'node:fs/promises'
import { posix } from 'node:path'
import { Header } from 'tar/header'
import { Pax } from 'tar/pax'
import { ArchiveError } from './archive-error.js'

/** Where the content of a file lies in an archive. */
export interface Region {
  readonly offset: number
  readonly size: number
}

const BLOCK = 512

/** An image has some hundred. */
const MAX_ENTRIES = 100_000

/** For names, and whatever else stands before an entry. */
const MAX_EXTENSION = 1024 * 1024

/** How many links lead from one to the next: `docker save` of Docker 24 and before makes one for a layer that is there twice. */
const MAX_LINKS = 8

/** The files of a tar archive by their names, without their contents. Nothing is unpacked: a name is only looked up. */
export class TarIndex {
  readonly #files: ReadonlyMap<string, Region>
  readonly #links: ReadonlyMap<string, string>

  private constructor(files: ReadonlyMap<string, Region>, links: ReadonlyMap<string, string>) {
    this.#files = files
    this.#links = links
  }

  /**
   * Reads all headers of an archive that is not compressed.
   *
   * @throws ArchiveError for one that is cut or malformed
   */
  static async read(file: FileHandle, signal: AbortSignal): Promise<TarIndex> {
    const files = new Map<string, Region>()
    const links = new Map<string, string>()
    const { size: length } = await file.stat()
    const block = Buffer.alloc(BLOCK)
    let extension: Readonly<Record<string, unknown>> = {}
    let count = 0
    for (let at = 0; at + BLOCK <= length;) {
      signal.throwIfAborted()
      await fill(file, block, at)
      // Two empty blocks are the end; some writers leave them out.
      if (block.every(byte => byte === 0)) break
      const header = readHeader(block)
      const offset = at + BLOCK
      const size = typeof extension['size'] === 'number' ? extension['size'] : (header.size ?? 0)
      if (!Number.isSafeInteger(size) || size < 0 || offset + size > length)
        throw new ArchiveError('its end is missing')
      at = offset + Math.ceil(size / BLOCK) * BLOCK
      if (++count > MAX_ENTRIES) throw new ArchiveError(`it has more than ${MAX_ENTRIES} entries`)
      const extended = await extend(file, header, { offset, size })
      if (extended !== undefined) {
        extension = { ...extension, ...extended }
        continue
      }
      const name = normalize(textOf(extension['path'], header.path))
      const target = textOf(extension['linkpath'], header.linkpath)
      extension = {}
      if (header.type === 'File' || header.type === 'OldFile' || header.type === 'ContiguousFile') {
        files.set(name, { offset, size })
      } else if (header.type === 'SymbolicLink') links.set(name, normalize(posix.join(posix.dirname(name), target)))
      else if (header.type === 'Link') links.set(name, normalize(target))
    }
    return new TarIndex(files, links)
  }

  /** Finds a file by its name, also by a link within the archive. */
  find(name: string): Region | undefined {
    let at = normalize(name)
    for (let hops = 0; hops <= MAX_LINKS; hops++) {
      const found = this.#files.get(at)
      if (found !== undefined) return found
      const target = this.#links.get(at)
      if (target === undefined) return undefined
      at = target
    }
    return undefined
  }
}

function readHeader(block: Buffer): Header {
  try {
    const header = new Header(block, 0)
    if (header.cksumValid) return header
  } catch {
    // A number that is none.
  }
  throw new ArchiveError('it is no tar archive, or a part of it is missing')
}

/** What an entry says of the one that follows; undefined for an entry of its own. */
async function extend(
  file: FileHandle,
  { type }: Header,
  { offset, size }: Region
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (type === 'GlobalExtendedHeader') return {}
  const isPax = type === 'ExtendedHeader' || type === 'OldExtendedHeader'
  if (!isPax && type !== 'NextFileHasLongPath' && type !== 'NextFileHasLongLinkpath') return undefined
  if (size > MAX_EXTENSION) throw new ArchiveError('a name in it is too long')
  const content = Buffer.alloc(size)
  await fill(file, content, offset)
  const text = content.toString('utf8')
  if (isPax) {
    const { path, linkpath, size: told } = Pax.parse(text)
    return {
      ...(path === undefined ? {} : { path }),
      ...(linkpath === undefined ? {} : { linkpath }),
      ...(told === undefined ? {} : { size: told })
    }
  }
  const name = text.replace(/\0.*$/s, '')
  return type === 'NextFileHasLongPath' ? { path: name } : { linkpath: name }
}

async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) throw new ArchiveError('its end is missing')
    done += bytesRead
  }
}

function textOf(extended: unknown, written: string | undefined): string {
  return typeof extended === 'string' ? extended : (written ?? '')
}

function normalize(name: string): string {
  return posix.join('/', name)
}
