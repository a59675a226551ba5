import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildError } from '../errors.js'
import { contentHash } from './content-hash.js'
import type { Context, ContextEntry } from './context.js'
import { type IgnoreRules, readIgnoreRules } from './ignore.js'

/**
 * Walks a directory and lists what a build of `dockerfile` in it would get, as `docker build` does: `.dockerignore`
 * applied, links kept as links, hard links as files of their own. Contents are hashed now and compared when they are
 * sent: a background process of the job may write to the work directory at any moment, and an image must never be known
 * by the key of another content.
 *
 * @param directory absolute path of the context
 * @param dockerfile the Dockerfile's path in it
 * @throws BuildError `DOCKERFILE_MISSING`, or `CONTEXT_FAILED` when something in it cannot be read
 */
export async function readContext(directory: string, dockerfile: string): Promise<Context> {
  const dockerfileText = await readDockerfile(directory, dockerfile)
  const walk = new Walk(directory, await readIgnoreRules(directory, dockerfile))
  await walk.directory('')
  const entries: ContextEntry[] = []
  // One after the other: a thousand large files must not all be open at once.
  for (const found of walk.entries()) entries.push(found.kind === 'file' ? await hashed(directory, found) : found)
  return { directory, dockerfile, dockerfileText, entries, warnings: walk.warnings }
}

type FileEntry = Extract<ContextEntry, { kind: 'file' }>

/** What a walk finds: everything but the contents. */
type Found = Exclude<ContextEntry, FileEntry> | Omit<FileEntry, 'sha256'>

async function hashed(directory: string, file: Omit<FileEntry, 'sha256'>): Promise<FileEntry> {
  return { ...file, sha256: await contentHash(join(directory, file.path), file.path, file.size) }
}

async function readDockerfile(directory: string, dockerfile: string): Promise<string> {
  try {
    return await readFile(join(directory, dockerfile), 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code ?? String(cause)})`
    throw new BuildError('DOCKERFILE_MISSING', `the Dockerfile ${join(directory, dockerfile)} ${why}`, { cause })
  }
}

class Walk {
  readonly warnings: string[] = []
  readonly #root: string
  readonly #rules: IgnoreRules
  readonly #kept = new Map<string, Found>()
  /** Directories that are ignored themselves; they are sent after all when something in them is not. */
  readonly #ignored = new Map<string, Found>()

  constructor(root: string, rules: IgnoreRules) {
    this.#root = root
    this.#rules = rules
  }

  async directory(path: string): Promise<void> {
    const found = await this.#readable(path, () => readdir(join(this.#root, path), { withFileTypes: true }))
    await Promise.all(found.map(child => this.#child(path === '' ? child.name : `${path}/${child.name}`, child)))
  }

  entries(): readonly Found[] {
    for (const path of [...this.#kept.keys()]) this.#keepParents(path)
    return [...this.#kept.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  async #child(path: string, child: Dirent): Promise<void> {
    const ignored = this.#rules.ignores(path)
    if (ignored && !(child.isDirectory() && this.#rules.hasExceptions)) return
    const stats = await this.#readable(path, () => lstat(join(this.#root, path)))
    const entry = await this.#entry(path, stats)
    if (entry === undefined) return
    const target = ignored ? this.#ignored : this.#kept
    target.set(path, entry)
    if (entry.kind === 'directory') await this.directory(path)
  }

  async #entry(path: string, stats: Stats): Promise<Found | undefined> {
    const common = { path, mode: stats.mode & 0o7777, mtimeMs: stats.mtimeMs }
    if (stats.isFile()) return { kind: 'file', ...common, size: stats.size }
    if (stats.isDirectory()) return { kind: 'directory', ...common }
    if (stats.isSymbolicLink()) {
      return { kind: 'symlink', ...common, target: await this.#readable(path, () => readlink(join(this.#root, path))) }
    }
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

  async #readable<T>(path: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
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
