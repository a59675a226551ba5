import { createHash } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { ArchiveError } from './archive-error.js'
import { type Region, TarIndex } from './tar-index.js'
import { spool } from './spool.js'

const MAX_JSON_BYTES = 8 * 1024 * 1024

const PIECE = 256 * 1024

/** An archive of an image that lies on a disk, until it is closed. */
export class ImageArchive {
  readonly #file: FileHandle
  readonly #index: TarIndex
  /** A directory of ours for what has to be packed anew. */
  readonly workspace: string

  private constructor(file: FileHandle, index: TarIndex, workspace: string) {
    this.#file = file
    this.#index = index
    this.workspace = workspace
  }

  /**
   * Opens an archive, plain or by gzip: a file as it lies, standard input by way of a temporary file.
   *
   * @throws ArchiveError; an error of the file system
   */
  static async open(source: string | NodeJS.ReadableStream, signal: AbortSignal): Promise<ImageArchive> {
    const { path, workspace } = await spool(source, signal)
    let file: FileHandle | undefined
    try {
      file = await open(path, 'r')
      return new ImageArchive(file, await TarIndex.read(file, signal), workspace)
    } catch (error) {
      await file?.close()
      await rm(workspace, { recursive: true, force: true })
      throw error
    }
  }

  /** Where a file lies; undefined when there is none of that name. */
  find(name: string): Region | undefined {
    return this.#index.find(name)
  }

  /** Reads a region from its beginning. */
  stream(region: Region): Readable {
    return Readable.from(this.#pieces(region), { objectMode: false })
  }

  /**
   * Reads a small file that is JSON.
   *
   * @returns undefined when there is no such file
   */
  async readJson(name: string): Promise<{ readonly value: unknown; readonly content: Buffer } | undefined> {
    const content = await this.#readSmall(name)
    if (content === undefined) return undefined
    try {
      return { value: JSON.parse(content.toString('utf8')), content }
    } catch {
      throw new ArchiveError(`${name} in it is not JSON`)
    }
  }

  /** The SHA-256 of a region, as hex. */
  async hash(region: Region, signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of this.stream(region) as AsyncIterable<Buffer>) {
      signal.throwIfAborted()
      hash.update(chunk)
    }
    return hash.digest('hex')
  }

  async close(): Promise<void> {
    await this.#file.close()
    await rm(this.workspace, { recursive: true, force: true })
  }

  async #readSmall(name: string): Promise<Buffer | undefined> {
    const region = this.find(name)
    if (region === undefined) return undefined
    if (region.size > MAX_JSON_BYTES) throw new ArchiveError(`${name} in it is larger than ${MAX_JSON_BYTES} bytes`)
    const content = Buffer.alloc(region.size)
    const { bytesRead } = await this.#file.read(content, 0, region.size, region.offset)
    if (bytesRead !== region.size) throw new ArchiveError('its end is missing')
    return content
  }

  /** The file's own streams would close it at their end. */
  async *#pieces({ offset, size }: Region): AsyncGenerator<Buffer> {
    for (let done = 0; done < size;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, size - done))
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, offset + done)
      if (bytesRead === 0) throw new ArchiveError('its end is missing')
      yield piece.subarray(0, bytesRead)
      done += bytesRead
    }
  }
}
