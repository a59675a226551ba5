import { BuildError } from '../errors.js'
import { readTextInside, UnreadableError } from './inside.js'

/** Says which paths of a context are left out. */
export interface IgnoreRules {
  ignores(path: string): boolean
  /** A pattern with `!` exists: below an ignored directory something may come back. */
  readonly hasExceptions: boolean
  /** What a person should know of the file. */
  readonly warning?: string
}

const NOTHING: IgnoreRules = { ignores: () => false, hasExceptions: false }

/**
 * Reads `<Dockerfile>.dockerignore`, or else `.dockerignore`, with Docker's rules (not git's: `foo` means `./foo` only).
 * What they say of the Dockerfile and of the file itself counts too: the builder gets its Dockerfile beside the context.
 *
 * @param root the context's directory, without links
 * @throws BuildError `CONTEXT_FAILED` when it cannot be read, or a pattern is malformed
 */
export async function readIgnoreRules(root: string, dockerfile: string): Promise<IgnoreRules> {
  const names = [`${dockerfile}.dockerignore`, '.dockerignore']
  for (const name of names) {
    const found = read(root, name)
    if (found.kind === 'text') return parseIgnoreRules(found.text, name)
    if (found.isLink) {
      return { ...NOTHING, warning: `${name} is a link to nothing in the build context: nothing is left out` }
    }
  }
  return NOTHING
}

function read(root: string, name: string): ReturnType<typeof readTextInside> {
  try {
    return readTextInside(root, name)
  } catch (cause) {
    if (!(cause instanceof UnreadableError)) throw cause
    throw new BuildError('CONTEXT_FAILED', `${name} in the build context cannot be read: ${cause.message}`, { cause })
  }
}

async function parseIgnoreRules(text: string, name: string): Promise<IgnoreRules> {
  const { default: module } = await import('@balena/dockerignore')
  // The library ignores case by default; Docker on Linux does not.
  const make = (): ReturnType<typeof module.default> => module.default({ ignorecase: false })
  // Docker removes a byte order mark, as editors on Windows write one.
  const patterns = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const malformed = patterns.findIndex(pattern => !isWellFormed(make, pattern))
  if (malformed !== -1) {
    // Not its text: the file may be a link to something that is not for a log.
    throw new BuildError('CONTEXT_FAILED', `the pattern in line ${malformed + 1} of ${name} is malformed`)
  }
  const rules = make().add(patterns)
  return {
    ignores: path => rules.ignores(path),
    hasExceptions: patterns.some(pattern => pattern.trimStart().startsWith('!'))
  }
}

function isWellFormed(
  make: () => { add(pattern: string): { ignores(path: string): boolean } },
  pattern: string
): boolean {
  try {
    // The library compiles a pattern when it is first asked.
    make().add(pattern).ignores('.')
    return true
  } catch {
    return false
  }
}
