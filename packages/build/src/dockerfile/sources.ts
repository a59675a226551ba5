import { posix } from 'node:path'
import type { ContextEntry } from '../context/context.js'
import type { Instruction } from './parse.js'
import type { Stage } from './stages.js'
import { resolve } from './variables.js'

/** A COPY or ADD from the context. */
export interface ContextCopy {
  readonly instruction: Instruction
  /** Paths in the context without `./` and slashes at their ends, patterns too; empty for all of it. */
  readonly sources: readonly string[]
  /** Whether these are all: others are no paths of the context, or only the builder knows which. */
  readonly isComplete: boolean
}

/** What the COPY and ADD instructions of a stage take of the context, in order. */
export function contextCopies(stage: Stage): readonly ContextCopy[] {
  return stage.steps.flatMap(({ instruction, variables }) => {
    const { keyword, flags, args, isExec } = instruction
    if ((keyword !== 'COPY' && keyword !== 'ADD') || flags.some(flag => flag.startsWith('--from='))) return []
    const words = isExec ? (JSON.parse(args) as string[]) : args.split(/\s+/)
    const resolved = words.slice(0, -1).flatMap(word => (isElsewhere(word) ? [] : [resolve(word, variables)]))
    const known = resolved.filter(word => word !== undefined)
    const isComplete = known.length === words.length - 1
    return [{ instruction, sources: known.filter(word => !isElsewhere(word)).map(inContext), isComplete }]
  })
}

/** An address, or a here-document. */
function isElsewhere(word: string): boolean {
  return /^(?:[a-z]+:\/\/|git@)/i.test(word) || /^\d*<</.test(word)
}

function inContext(word: string): string {
  return posix
    .normalize(`/${word}`)
    .replace(/^\/|\/$/g, '')
    .replace(/\/$/, '')
}

/** The entries that a source names itself, not those in directories that it names. */
export function namedBy(source: string, entries: readonly ContextEntry[]): readonly ContextEntry[] {
  const pattern = isPattern(source) ? asExpression(source) : undefined
  return entries.filter(({ path }) => (pattern === undefined ? path === source : pattern.test(path)))
}

/** Whether a source takes a path along with a directory that it names. */
export function takesAlong(source: string, path: string, entries: readonly ContextEntry[]): boolean {
  if (source === '') return true
  return namedBy(source, entries).some(entry => entry.kind === 'directory' && path.startsWith(`${entry.path}/`))
}

/** Whether a source is a pattern that can be read here; the builder says what is wrong with another one. */
export function isPattern(source: string): boolean {
  return /[*?[\\]/.test(source) && asExpression(source) !== undefined
}

/** Go's `filepath.Match`; undefined for a malformed pattern. */
function asExpression(pattern: string): RegExp | undefined {
  const piece = /\\([^])|(\*)|(\?)|\[(\^?)((?:\\[^]|[^\]\\])+)\]|([^])/g
  const pieces = [...pattern.matchAll(piece)].map(([, escaped, star, one, not, set, plain]) => {
    if (star !== undefined) return '[^/]*'
    if (one !== undefined) return '[^/]'
    if (set !== undefined) return `[${not === '^' ? '^/' : ''}${set.replace(/[[\]^]/g, '\\$&')}]`
    return plain === '[' || plain === '\\' ? undefined : quoted(escaped ?? plain ?? '')
  })
  if (pieces.includes(undefined)) return undefined
  try {
    return new RegExp(`^${pieces.join('')}$`)
  } catch {
    return undefined
  }
}

function quoted(character: string): string {
  return /[.*+?^${}()|[\]\\/]/.test(character) ? `\\${character}` : character
}
