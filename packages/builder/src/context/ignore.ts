import { BuildError } from '../errors.js'
import { matches, readGlob } from './glob.js'
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
 * @param home the Dockerfile's, if that is another one
 * @throws BuildError `CONTEXT_FAILED` when it cannot be read, or a pattern is malformed
 */
export async function readIgnoreRules(root: string, dockerfile: string, home = root): Promise<IgnoreRules> {
  const places = [
    { directory: home, name: `${dockerfile}.dockerignore` },
    { directory: root, name: '.dockerignore' }
  ]
  for (const { directory, name } of places) {
    const found = read(directory, name)
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
  for (const rule of (rules as unknown as Compiled)._rules) {
    const glob = wildcardsOf(rule.pattern) < 2 || isRegular(rule.pattern) ? undefined : readGlob(rule.pattern, true)
    if (glob !== undefined) rule.regexp = { test: path => matches(glob, path) }
  }
  return {
    ignores: path => rules.ignores(path),
    hasExceptions: patterns.some(pattern => pattern.trimStart().startsWith('!'))
  }
}

/** The library makes a RegExp of each pattern, which may go back without end; it takes what it finds instead. */
interface Compiled {
  readonly _rules: { readonly pattern: string; regexp?: { test(path: string): boolean } }[]
}

/** As long as paths (PATH_MAX). */
const MAX_PATTERN = 4096

/** What the library, like Docker, hands over to regular expressions. */
function isRegular(pattern: string): boolean {
  return /[(){}+|^]/.test(pattern.replace(/\[\^/g, '['))
}

function wildcardsOf(pattern: string): number {
  return pattern.match(/\*\*?|[+{]/g)?.length ?? 0
}

/** Whether a RegExp of it, or what is taken in place of one, ends soon on every path. */
function isBounded(pattern: string): boolean {
  if (pattern.length > MAX_PATTERN) return false
  if (isRegular(pattern)) return wildcardsOf(pattern) < (/[(|]/.test(pattern) ? 1 : 3)
  return wildcardsOf(pattern) < 2 || readGlob(pattern.trim(), true) !== undefined
}

function isWellFormed(
  make: () => { add(pattern: string): { ignores(path: string): boolean } },
  pattern: string
): boolean {
  if (pattern.startsWith('#')) return true
  if (!isBounded(pattern)) return false
  try {
    // The library compiles a pattern when it is first asked.
    make().add(pattern).ignores('.')
    return true
  } catch {
    return false
  }
}
