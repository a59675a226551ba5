import { createHash, type Hash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BuildError } from '../errors.js'
import type { Context } from './context.js'

/** All that decides what a build makes, besides the context itself. */
export interface KeyParts {
  /** `linux/amd64`. */
  readonly platform: string
  /** The engine's `identity`: line, image, options. */
  readonly engine: string
  readonly buildArgs?: Readonly<Record<string, string>>
}

/** A change of what the key covers, or how, makes all older keys void. */
const VERSION = 'kaniko-hooks context 1'

const AT_ONCE = 256 * 1024

/**
 * Names what a build would be made of: equal keys, equal builds. It covers paths, kinds, modes, contents and link
 * targets, but no times: a fresh checkout of the same commit has the same key.
 *
 * @returns 64 hex digits
 * @throws BuildError `CONTEXT_FAILED` when a file cannot be read
 */
export async function contextKey(context: Context, parts: KeyParts): Promise<string> {
  const hash = createHash('sha256')
  field(hash, VERSION, parts.platform, parts.engine, context.dockerfile)
  const args = Object.entries(parts.buildArgs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  field(hash, String(args.length), ...args.flat())
  for (const entry of context.entries) {
    field(hash, entry.kind, entry.path, entry.mode.toString(8))
    if (entry.kind === 'symlink') field(hash, entry.target)
    if (entry.kind === 'file') {
      field(hash, String(entry.size))
      await content(hash, context, entry)
    }
  }
  return hash.digest('hex')
}

/** Each text with its length before it: no two lists of texts are the same bytes. */
function field(hash: Hash, ...texts: readonly string[]): void {
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:${text};`)
}

async function content(hash: Hash, context: Context, { path, size }: { path: string; size: number }): Promise<void> {
  const file = join(context.directory, path)
  try {
    // Thousands of small files are typical, and a stream for each costs ten times the read itself.
    if (size <= AT_ONCE) hash.update(readFileSync(file))
    else for await (const chunk of createReadStream(file, { highWaterMark: AT_ONCE })) hash.update(chunk as Buffer)
  } catch (cause) {
    throw new BuildError('CONTEXT_FAILED', `${path} in the build context cannot be read: ${(cause as Error).message}`, {
      cause
    })
  }
}
