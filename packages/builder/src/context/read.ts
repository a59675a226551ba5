import { closeSync, lstatSync, readdirSync, readlinkSync, type Dirent, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { BuildError } from '../errors.js'
import { ContentHash } from './content-hash.js'
import type { Context, ContextEntry } from './context.js'
import { type IgnoreRules, readIgnoreRules } from './ignore.js'
import { attempt, type FoundText, openInside, readTextInside, realDirectory, UnreadableError } from './inside.js'

export interface ReadOptions {
  /** Directories in one of which the context must be, whatever links lead there. Default: it may be anywhere. */
  readonly within?: readonly string[]
  /** Absolute path of the directory in which the Dockerfile lies, if that is not the context. */
  readonly dockerfileDirectory?: string
  readonly signal?: AbortSignal
}

/**
 * Walks a directory and lists what a build of `dockerfile` in it would get, as `docker build` does: `.dockerignore`
 * applied, links kept as links, hard links as files of their own. Contents are hashed now and compared when they are
 * sent: a background process of the job may write to the work directory at any moment, and an image must never be known
 * by the key of another content. Nothing outside of the directory is read, wherever its links lead.
 *
 * @param directory absolute path of the context; may be reached through links
 * @param dockerfile the Dockerfile's path in it, or in `dockerfileDirectory`
 * @throws BuildError `DOCKERFILE_MISSING`, `CONTEXT_FAILED` when something in it cannot be read, or `ABORTED`
 */
export async function readContext(directory: string, dockerfile: string, options: ReadOptions = {}): Promise<Context> {
  const { within = [], dockerfileDirectory, signal } = options
  const root = realDirectory(directory, within)
  const home = dockerfileDirectory === undefined ? root : realDirectory(dockerfileDirectory, within)
  const name = join(dockerfileDirectory ?? directory, dockerfile)
  const { text: dockerfileText, bytes } = readDockerfile(home, dockerfile, name)
  const rules = await readIgnoreRules(root, dockerfile, home)
  const walk = new Walk(root, rules, signal)
  try {
    await walk.directory('')
    const hash = new ContentHash(root, signal)
    const entries: ContextEntry[] = []
    for (const found of walk.entries()) {
      entries.push(found.kind === 'file' ? { ...found, sha256: await hash.of(found) } : found)
    }
    const warnings = [...(rules.warning === undefined ? [] : [rules.warning]), ...walk.warnings]
    const isText = bytes.equals(Buffer.from(dockerfileText))
    const own = isText ? {} : { dockerfileBytes: bytes }
    return { directory: root, dockerfile, dockerfileText, ...own, entries, warnings }
  } catch (cause) {
    if (signal?.aborted !== true) throw cause
    throw new BuildError('ABORTED', 'the build context was being read', { cause })
  }
}

type FileEntry = Extract<ContextEntry, { kind: 'file' }>

/** What a walk finds: everything but the contents. */
type Found = Exclude<ContextEntry, FileEntry> | Omit<FileEntry, 'sha256'>

/** @param name as the caller knows it */
function readDockerfile(root: string, dockerfile: string, name: string): Extract<FoundText, { kind: 'text' }> {
  const missing = (why: string, cause?: unknown): BuildError =>
    new BuildError('DOCKERFILE_MISSING', `the Dockerfile ${name} ${why}`, { cause })
  try {
    const found = readTextInside(root, dockerfile)
    if (found.kind === 'text') return found
    throw missing(found.isLink ? 'is a link to nothing in its directory' : 'does not exist')
  } catch (cause) {
    throw cause instanceof UnreadableError ? missing(`cannot be read: ${cause.message}`, cause) : cause
  }
}

class Walk {
  readonly warnings: string[] = []
  readonly #root: string
  readonly #rules: IgnoreRules
  readonly #signal: AbortSignal | undefined
  readonly #kept = new Map<string, Found>()
  /** Directories that are ignored themselves; they are sent after all when something in them is not. */
  readonly #ignored = new Map<string, Found>()

  constructor(root: string, rules: IgnoreRules, signal: AbortSignal | undefined) {
    this.#root = root
    this.#rules = rules
    this.#signal = signal
  }

  /** Looks through a descriptor: what is below it stays below it, even if the directory is exchanged for a link. */
  async directory(path: string): Promise<void> {
    const opened = this.#readable(path, () => openInside(this.#root, path, 'directory'))
    const below: string[] = []
    try {
      const place = `/proc/self/fd/${opened}`
      const children = this.#readable(path, () => attempt(() => readdirSync(place, { withFileTypes: true })))
      for (const child of children) {
        const childPath = path === '' ? child.name : `${path}/${child.name}`
        if (this.#child(childPath, child, `${place}/${child.name}`) === 'directory') below.push(childPath)
      }
    } finally {
      closeSync(opened)
    }
    await setImmediate()
    this.#signal?.throwIfAborted()
    for (const childPath of below) await this.directory(childPath)
  }

  entries(): readonly Found[] {
    for (const path of [...this.#kept.keys()]) this.#keepParents(path)
    return [...this.#kept.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  #child(path: string, child: Dirent, place: string): Found['kind'] | undefined {
    const ignored = this.#rules.ignores(path)
    if (ignored && !(child.isDirectory() && this.#rules.hasExceptions)) return undefined
    const entry = this.#readable(path, () =>
      attempt(() => {
        const stats = lstatSync(place)
        return this.#entry(path, stats, stats.isSymbolicLink() ? readlinkSync(place) : '')
      })
    )
    if (entry === undefined) return undefined
    const target = ignored ? this.#ignored : this.#kept
    target.set(path, entry)
    return entry.kind
  }

  #entry(path: string, stats: Stats, target: string): Found | undefined {
    const common = { path, mode: stats.mode & 0o7777, mtimeMs: stats.mtimeMs }
    if (stats.isFile()) return { kind: 'file', ...common, size: stats.size }
    if (stats.isDirectory()) return { kind: 'directory', ...common }
    if (stats.isSymbolicLink()) return { kind: 'symlink', ...common, target }
    this.warnings.push(`${path} is a ${stats.isSocket() ? 'socket' : 'pipe or device'} and is not sent to the build`)
    return undefined
  }

  #keepParents(path: string): void {
    const slash = path.lastIndexOf('/')
    if (slash === -1) return
    const parent = path.slice(0, slash)
    const entry = this.#ignored.get(parent)
    if (entry !== undefined) this.#kept.set(parent, entry)
    this.#keepParents(parent)
  }

  #readable<T>(path: string, read: () => T): T {
    try {
      return read()
    } catch (cause) {
      const name = path === '' ? this.#root : path
      // Node decodes names as UTF-8 and cannot find again what it had to replace.
      const why = path.includes('\uFFFD') ? 'its name is not UTF-8' : (cause as Error).message
      throw new BuildError(
        'CONTEXT_FAILED',
        `${name} in the build context cannot be read: ${why}; make it readable, or leave it out by .dockerignore`,
        { cause }
      )
    }
  }
}
