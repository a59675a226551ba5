import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Writes a file beside its path and gives it its name when it is whole. The directory is made if it is not there. */
export async function writeWhole(path: string, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await pipeline(content, createWriteStream(beside, { flags: 'wx' }), { signal })
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
}
