import { once } from 'node:events'
import { lutimes, mkdir, open, symlink, utimes, chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { packContext, type Context } from '@kaniko-hooks/builder'
import { Parser, type ReadEntry } from 'tar'

/**
 * Puts a context where an executor finds it, with Docker's owners, modes and times, as a pod of ours gets it. The archive is our
 * own, of paths that one walk found; `tar`'s own unpacking would take bits of modes away and change targets of links.
 *
 * @param directory does not exist yet
 * @throws BuildError `CONTEXT_FAILED` when a file has changed meanwhile
 */
export async function unpackContext(context: Context, directory: string, signal: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const archive = await packContext(context)
  let writing = Promise.resolve()
  const parser = new Parser({
    strict: true,
    onReadEntry: entry => {
      writing = writing.then(() => writeEntry(entry, directory))
      // Told below; nobody else waits for it meanwhile.
      writing.catch(() => entry.resume())
    }
  })
  const ended = once(parser, 'end', { signal })
  ended.catch(() => undefined)
  await archive.send(async chunk => {
    signal.throwIfAborted()
    if (!parser.write(Buffer.from(chunk))) await once(parser, 'drain', { signal })
  })
  parser.end()
  await ended
  await writing
}

async function writeEntry(entry: ReadEntry, directory: string): Promise<void> {
  const { type, mode = 0, mtime = new Date(0), linkpath = '' } = entry
  const path = join(directory, entry.path)
  if (type === 'Directory') {
    entry.resume()
    await mkdir(path, { recursive: true })
    await chmod(path, mode)
    return utimes(path, mtime, mtime)
  }
  await mkdir(dirname(path), { recursive: true })
  if (type === 'SymbolicLink') {
    entry.resume()
    await symlink(linkpath, path)
    return lutimes(path, mtime, mtime)
  }
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of entry) await file.writeFile(chunk)
    await file.chmod(mode)
    await file.utimes(mtime, mtime)
  } finally {
    await file.close()
  }
}
