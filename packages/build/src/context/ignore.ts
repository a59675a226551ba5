import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildError } from '../errors.js'

/** Says which paths of a context are left out. */
export interface IgnoreRules {
  ignores(path: string): boolean
  /** A pattern with `!` exists: below an ignored directory something may come back. */
  readonly hasExceptions: boolean
}

const NOTHING: IgnoreRules = { ignores: () => false, hasExceptions: false }

/**
 * Reads `<Dockerfile>.dockerignore`, or else `.dockerignore`, with Docker's rules (not git's: `foo` means `./foo` only).
 * The Dockerfile and the ignore file itself are never left out: the builder needs both.
 *
 * @throws BuildError `CONTEXT_FAILED` when a pattern is malformed
 */
export async function readIgnoreRules(directory: string, dockerfile: string): Promise<IgnoreRules> {
  for (const name of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await readOptional(join(directory, name))
    if (text !== undefined) return parseIgnoreRules(text, name, [dockerfile, name])
  }
  return NOTHING
}

async function parseIgnoreRules(text: string, name: string, always: readonly string[]): Promise<IgnoreRules> {
  const { default: module } = await import('@balena/dockerignore')
  // Docker removes a byte order mark, as editors on Windows write one.
  const patterns = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  // The library ignores case by default; Docker on Linux does not.
  const rules = module.default({ ignorecase: false })
  for (const pattern of patterns) {
    try {
      // The library compiles a pattern when it is first asked.
      rules.add(pattern).ignores('.')
    } catch (cause) {
      throw new BuildError('CONTEXT_FAILED', `${name}: the pattern "${pattern}" is malformed`, { cause })
    }
  }
  return {
    ignores: path => !always.includes(path) && rules.ignores(path),
    hasExceptions: patterns.some(pattern => pattern.trimStart().startsWith('!'))
  }
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EISDIR') return undefined
    throw error
  }
}
