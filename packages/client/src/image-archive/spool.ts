import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { peek } from '../context/peek.js'

/**
 * Makes of a source a file that is an archive without compression, and a directory of ours, mode 0700, where it may lie.
 *
 * @param source a path, or a stream
 */
export async function spool(
  source: string | NodeJS.ReadableStream,
  signal: AbortSignal
): Promise<{ readonly path: string; readonly workspace: string }> {
  const workspace = await mkdtemp(join(tmpdir(), 'kbuild-image-'))
  try {
    if (typeof source === 'string' && !(await isGzipFile(source))) return { path: source, workspace }
    const path = join(workspace, 'image.tar')
    const from = typeof source === 'string' ? createReadStream(source) : source
    const { start, rest } = await peek(from, 2, signal)
    const into = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    if (isGzip(start)) await pipeline(rest, createGunzip(), into, { signal })
    else await pipeline(rest, into, { signal })
    return { path, workspace }
  } catch (error) {
    await rm(workspace, { recursive: true, force: true })
    throw error
  }
}

/** Whether bytes begin as those of gzip do (RFC 1952). */
export function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

async function isGzipFile(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const start = Buffer.alloc(2)
    await file.read(start, 0, 2, 0)
    return isGzip(start)
  } finally {
    await file.close()
  }
}
