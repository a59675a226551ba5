import { createHash, type Hash } from 'node:crypto'
import type { Context } from './context.js'

/** All that decides what a build makes, besides the context itself. */
export interface KeyParts {
  /** `linux/amd64`. */
  readonly platform: string
  /** The engine's `identity`: line, image, options. */
  readonly engine: string
  readonly buildArgs?: Readonly<Record<string, string>>
  /** What the names of base images stood for, where that is known: `debian:12` → `sha256:…`. */
  readonly bases?: Readonly<Record<string, string>>
}

/** A change of what the key covers, or how, makes all older keys void. */
const VERSION = 'kaniko-hooks context 3'

/**
 * Names what a build would be made of: equal keys, equal builds. It covers the Dockerfile, paths, kinds, modes,
 * contents and link targets, but no times: a fresh checkout of the same commit has the same key.
 *
 * @returns 64 hex digits
 */
export function contextKey(context: Context, parts: KeyParts): string {
  const hash = createHash('sha256')
  field(hash, VERSION, parts.platform, parts.engine, context.dockerfileText)
  if (context.dockerfileBytes !== undefined) field(hash, context.dockerfileBytes.toString('hex'))
  for (const values of [parts.buildArgs, parts.bases]) {
    const sorted = Object.entries(values ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
    field(hash, String(sorted.length), ...sorted.flat())
  }
  for (const entry of context.entries) {
    field(hash, entry.kind, entry.path, entry.mode.toString(8))
    if (entry.kind === 'symlink') field(hash, entry.target)
    if (entry.kind === 'file') field(hash, entry.sha256)
  }
  for (const { path, mode, content } of context.inlineFiles ?? [])
    field(hash, 'inline', path, mode.toString(8), content)
  return hash.digest('hex')
}

/** Each text with its length before it: no two lists of texts are the same bytes. */
function field(hash: Hash, ...texts: readonly string[]): void {
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:${text};`)
}
