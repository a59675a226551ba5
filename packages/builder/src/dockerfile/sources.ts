import { posix } from 'node:path'
import type { ContextEntry } from '../context/context.js'
import { matches, readGlob } from '../context/glob.js'
import { readHeredoc } from './heredoc.js'
import { type Instruction, wordsOf } from './parse.js'
import type { Stage } from './stages.js'
import { resolve } from './expand.js'

/** A COPY or ADD from the context. */
export interface ContextCopy {
  readonly instruction: Instruction
  /** The stage's index. */
  readonly stage: number
  /** Where it puts them, with `/` at its end for a directory; undefined when only the builder knows. */
  readonly destination: string | undefined
  /** Paths in the context without `./` and slashes at their ends, patterns too; empty for all of it. */
  readonly sources: readonly string[]
  /** Whether these are all: others are no paths of the context, or only the builder knows which. */
  readonly isComplete: boolean
}

/** What the COPY and ADD instructions of a stage take of the context, in order. */
export function contextCopies(stage: Stage): readonly ContextCopy[] {
  // What the base image says is the same for all that is relative to it.
  let place: string | undefined = BASE
  return stage.steps.flatMap(({ instruction, variables }) => {
    const { keyword, flags, args, escape } = instruction
    if (keyword === 'WORKDIR') place = within(place, resolve(args, variables, escape))
    if ((keyword !== 'COPY' && keyword !== 'ADD') || flags.some(flag => flag.startsWith('--from='))) return []
    const words = wordsOf(instruction)
    const resolved = words.slice(0, -1).flatMap(word => (isElsewhere(word) ? [] : [resolve(word, variables, escape)]))
    const known = resolved.filter(word => word !== undefined)
    const isComplete = known.length === words.length - 1
    const destination = within(place, resolve(words.at(-1) ?? '', variables, escape))
    const sources = [...new Set(known.filter(word => !isElsewhere(word)).map(inContext))]
    return [{ instruction, stage: stage.index, destination, sources, isComplete }]
  })
}

/** No path of an image. */
const BASE = '/\0'

/** Linux takes no longer path. */
const LONGEST_PATH = 4096

function within(place: string | undefined, path: string | undefined): string | undefined {
  if (place === undefined || path === undefined || path.split('/').includes('..')) return undefined
  const joined = posix.join(path.startsWith('/') ? '/' : place, /^\.?$|\/\.$/.test(path) ? `${path}/` : path)
  return joined.length > LONGEST_PATH ? undefined : joined
}

/** An address, or a here-document. */
function isElsewhere(word: string): boolean {
  return /^(?:[a-z]+:\/\/|git@)/i.test(word) || readHeredoc(word) !== undefined
}

function inContext(word: string): string {
  return posix
    .normalize(`/${word}`)
    .replace(/^\/|\/$/g, '')
    .replace(/\/$/, '')
}

/** The entries that a source names itself, not those in directories that it names. */
export function namedBy(source: string, entries: readonly ContextEntry[]): readonly ContextEntry[] {
  const glob = isPattern(source) ? readGlob(source) : undefined
  if (glob !== undefined) return entries.filter(({ path }) => matches(glob, path))
  const found = byPath(entries).get(source)
  return found === undefined ? [] : [found]
}

const indexes = new WeakMap<readonly ContextEntry[], ReadonlyMap<string, ContextEntry>>()

/** The entries by their paths. */
export function byPath(entries: readonly ContextEntry[]): ReadonlyMap<string, ContextEntry> {
  const index = indexes.get(entries) ?? new Map(entries.map(entry => [entry.path, entry]))
  indexes.set(entries, index)
  return index
}

/** Whether a source is a pattern that can be read here; the builder says what is wrong with another one. */
export function isPattern(source: string): boolean {
  return /[*?[\\]/.test(source) && readGlob(source) !== undefined
}
