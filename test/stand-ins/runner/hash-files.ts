import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, statSync } from 'node:fs'

/**
 * `hashFiles(...)` over a directory on the runner's own disk: the SHA-256 of the SHA-256 of each matching file, depth first
 * in name order. A pattern with `!` takes files away; `--follow-symbolic-links` is accepted and links to files are read.
 *
 * @param root absolute path; patterns are relative to it
 * @returns hex digest, or '' when nothing matched
 */
export function hashFiles(root: string, patterns: readonly string[]): string {
  const rules = patterns
    .flatMap(pattern => pattern.split('\n'))
    .map(pattern => pattern.trim())
    .filter(pattern => pattern !== '' && !pattern.startsWith('#') && !pattern.startsWith('--'))
    .map(pattern => {
      const negated = pattern.startsWith('!')
      const positive = negated ? pattern.slice(1) : pattern
      return { negated, matches: globMatcher(root, positive), mayHold: directoryMatcher(root, positive) }
    })
  const isEntered = (directory: string): boolean => rules.some(rule => !rule.negated && rule.mayHold(directory))
  const result = createHash('sha256')
  let found = false
  for (const path of files(root, isEntered)) {
    const included = rules.reduce((is, rule) => (rule.matches(path) ? !rule.negated : is), false)
    if (!included) continue
    found = true
    result.update(createHash('sha256').update(readFileSync(path)).digest())
  }
  return found ? result.digest('hex') : ''
}

/** Tells whether a directory may hold what a pattern finds: no other is entered, so that nobody needs the right to. */
export function directoryMatcher(root: string, pattern: string): (directory: string) => boolean {
  const parts = absoluteOf(root, pattern).split('/')
  const deep = parts.indexOf('**')
  const fixed = parts.slice(0, deep < 0 ? undefined : deep).map(part => new RegExp(`^${partSource(part)}$`, 's'))
  return directory => directory.split('/').every((name, index) => fixed[index]?.test(name) ?? true)
}

/** A matcher of absolute paths for `*`, `**`, `?` and `[…]`; a pattern that names a directory matches all below it. */
export function globMatcher(root: string, pattern: string): (path: string) => boolean {
  const source = absoluteOf(root, pattern)
    .split('/')
    .map(part => (part === '**' ? '**' : partSource(part)))
    .join('/')
    .replaceAll('/**/', '/(?:.*/)?')
    .replace(/\/\*\*$/, '/.*')
  const expression = new RegExp(`^${source}(?:/.*)?$`, 's')
  return path => expression.test(path)
}

function absoluteOf(root: string, pattern: string): string {
  return (pattern.startsWith('/') ? pattern : `${root}/${pattern.replace(/^\.\//, '')}`).replace(/\/+$/, '')
}

function partSource(part: string): string {
  return part.replaceAll(/\*+|\?|\[!?[^\]]+\]|[.+^${}()|[\]\\]/g, match => {
    if (match.startsWith('*')) return '[^/]*'
    if (match === '?') return '[^/]'
    if (match.startsWith('[') && match.length > 1) return match.replace('[!', '[^')
    return `\\${match}`
  })
}

function* files(directory: string, isEntered: (directory: string) => boolean): Generator<string> {
  if (!isEntered(directory)) return
  for (const name of readdirSync(directory).sort()) {
    const path = `${directory}/${name}`
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory() === true) yield* files(path, isEntered)
    else if (found?.isFile() === true) yield path
  }
}
