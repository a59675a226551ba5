import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs'
import { join, posix } from 'node:path'
import { BuildError } from '../errors.js'

/*
 * A context lies where a job's containers can write, also while it is read, and is read in the runner's pod, which has
 * files that no job may see. So whatever is opened is a regular file or a directory, is opened without waiting and
 * without following a link, and what was opened is asked for its path: a link in place of a directory above it would show.
 */

/** What is read as a text at once: Dockerfiles and ignore files. */
const TEXT_LIMIT = 1024 * 1024

/** As many as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40

/** Something cannot be opened or read; the message ends a sentence that begins with its name. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/**
 * Where a directory really is, whatever links lead there.
 *
 * @param within directories in one of which it must be; none for any place
 * @throws BuildError `CONTEXT_FAILED` when it is elsewhere, `DOCKERFILE_MISSING` when there is none
 */
export function realDirectory(directory: string, within: readonly string[]): string {
  const real = realPath(directory)
  if (real === undefined) {
    throw new BuildError('DOCKERFILE_MISSING', `the directory ${directory} of the Dockerfile does not exist`)
  }
  const roots = within.flatMap(root => realPath(root) ?? [])
  if (within.length === 0 || roots.some(root => real === root || real.startsWith(`${root}/`))) return real
  const message =
    `${directory} leads out of the runner's work directory by a symbolic link, and nothing outside of it is read ` +
    'for a build; put the files of the action into the repository themselves'
  throw new BuildError('CONTEXT_FAILED', message)
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/**
 * Opens a file or directory below a directory.
 *
 * @param root absolute and without links
 * @param path in it, without links; empty for itself
 * @returns a file descriptor, the caller's to close
 * @throws UnreadableError
 */
export function openInside(root: string, path: string, kind: 'file' | 'directory'): number {
  const full = path === '' ? root : join(root, path)
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (kind === 'directory' ? O_DIRECTORY : 0)
  const opened = attempt(() => openSync(full, flags))
  try {
    const stats = fstatSync(opened)
    if (kind === 'file' ? !stats.isFile() : !stats.isDirectory()) {
      throw new UnreadableError(kind === 'file' ? 'it is no regular file' : 'it is no directory')
    }
    if (readlinkSync(`/proc/self/fd/${opened}`) !== full) throw new UnreadableError('it was moved meanwhile')
    return opened
  } catch (error) {
    closeSync(opened)
    throw error
  }
}

/**
 * Follows the links on the way to something as Docker does with a context: as if the context were all there is, so
 * that `/` and `..` do not lead out of it.
 *
 * @param root absolute and without links
 * @returns its path in the root, without links; undefined when there is nothing
 * @throws UnreadableError when links lead in a circle
 */
export function resolveInside(root: string, path: string): string | undefined {
  let ahead = path.split('/')
  let done = ''
  let links = 0
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      done = posix.dirname(`/${done}`).slice(1)
      continue
    }
    const next = done === '' ? part : `${done}/${part}`
    const target = linkTarget(join(root, next))
    if (target === undefined) return undefined
    if (target === NO_LINK) {
      done = next
      continue
    }
    if (++links > MAX_LINKS) throw new UnreadableError('its symbolic links lead in a circle')
    if (target.startsWith('/')) done = ''
    ahead = [...target.split('/'), ...ahead]
  }
  return done
}

const NO_LINK = Symbol('no link')

function linkTarget(path: string): string | typeof NO_LINK | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : NO_LINK
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(error)
  }
}

/** A text below a directory, as far as it can be told. */
export type FoundText =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: Buffer }
  /** A link whose target is not in the directory is nothing too. */
  | { readonly kind: 'nothing'; readonly isLink: boolean }

/**
 * Reads a short text below a directory; links are followed as far as they stay in it.
 *
 * @param root absolute and without links
 * @throws UnreadableError when it is no regular file, or longer than 1 MiB
 */
export function readTextInside(root: string, path: string): FoundText {
  const real = resolveInside(root, path)
  if (real === undefined) {
    const target = linkTarget(join(root, path))
    return { kind: 'nothing', isLink: typeof target === 'string' }
  }
  // Whoever opens a device may set it in motion.
  const stats = attempt(() => lstatSync(join(root, real)))
  if (stats.isDirectory()) return { kind: 'nothing', isLink: false }
  if (!stats.isFile()) throw new UnreadableError('it is no regular file')
  const file = openInside(root, real, 'file')
  try {
    const bytes = Buffer.alloc(TEXT_LIMIT + 1)
    let length = 0
    for (let count = 1; count > 0 && length < bytes.length; length += count) {
      count = attempt(() => readSync(file, bytes, length, bytes.length - length, null))
    }
    if (length > TEXT_LIMIT) throw new UnreadableError('it is longer than 1 MiB')
    return { kind: 'text', text: bytes.toString('utf8', 0, length), bytes: bytes.subarray(0, length) }
  } finally {
    closeSync(file)
  }
}

/** Does something with a file that may fail, and says why in few words. */
export function attempt<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw unreadable(error)
  }
}

/** The system's words without the path, which our own sentences name as its author knows it. */
function unreadable(error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'ELOOP') return new UnreadableError('it has become a symbolic link')
  return new UnreadableError(message.split(',', 1)[0] ?? code, { cause: error })
}
