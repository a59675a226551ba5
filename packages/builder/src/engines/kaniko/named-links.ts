import { posix } from 'node:path'
import type { Context, ContextEntry } from '../../context/context.js'
import { byPath, type ContextCopy, isPattern, namedBy } from '../../dockerfile/sources.js'
import { finding, type KanikoFork } from './unsupported.js'
import type { Finding } from '../engine.js'

type Link = Extract<ContextEntry, { kind: 'symlink' }>

/** As many as Linux follows. */
const MAX_LINKS = 40

/** In the place of links: each of many may lead to a directory of many. */
const MAX_ENTRIES = 200_000

/** As many as somebody reads. */
const MAX_FINDINGS = 20

/** A copy that takes along what is in a directory. */
interface Along {
  readonly copy: ContextCopy
  readonly directory: string
}

/**
 * Puts in the place of a symbolic link that COPY or ADD names itself what it leads to, as Docker copies it; Kaniko copies
 * the link, which leads to nothing in the image. Links in directories that are copied stay links.
 *
 * @returns the entries to send, and what cannot be right: a link that is wanted both ways, one that leads to nothing,
 *   and one that leads back to itself where the fork fails on it
 */
export function followNamedLinks(
  { entries }: Pick<Context, 'entries'>,
  copies: readonly ContextCopy[],
  fork: KanikoFork
): { readonly entries: readonly ContextEntry[]; readonly findings: readonly Finding[] } {
  const tree = new Tree(entries)
  const findings: Finding[] = []
  const replaced = new Map<string, readonly ContextEntry[]>()
  const wanted = copies.flatMap(copy => copy.sources.map(source => ({ copy, named: namedBy(source, entries), source })))
  const along = new Map<string, Along[]>()
  for (const { copy, named, source } of wanted) {
    const directories = source === '' ? [''] : named.flatMap(({ kind, path }) => (kind === 'directory' ? path : []))
    for (const directory of directories) along.set(directory, [...(along.get(directory) ?? []), { copy, directory }])
  }
  const takenAlong = (path: string): readonly Along[] => {
    if (along.size === 0) return []
    const parts = parentOf(path)
    return ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))].flatMap(above => along.get(above) ?? [])
  }
  let count = 0
  for (const { copy, named, source } of wanted) {
    for (const link of named) {
      if (link.kind !== 'symlink' || findings.length === MAX_FINDINGS) continue
      const target = tree.follow(link)
      if (target === undefined) {
        // Docker finds that a pattern has matched nothing.
        if (!isPattern(source)) findings.push(finding(copy.instruction, leadsNowhere(link)))
        continue
      }
      const others = takenAlong(link.path)
      const [other] = others
      if (other === undefined) {
        if (replaced.has(link.path)) continue
        const place = tree.inPlaceOf(link, target, MAX_ENTRIES - count)
        count += place.length
        replaced.set(link.path, place)
        if (count >= MAX_ENTRIES) return { entries, findings: [finding(copy.instruction, tooMany(link))] }
      } else if (!others.some(beside => tree.isFile(target) && holds(link, target, copy, beside))) {
        findings.push(finding(copy.instruction, bothWays(link, target, other.copy)))
      }
    }
  }
  if (fork === 'osscontainertools' && along.size > 0) {
    for (const link of entries) {
      if (link.kind !== 'symlink' || findings.length === MAX_FINDINGS || !tree.isCircle(link)) continue
      const [found] = takenAlong(link.path)
      if (found !== undefined) findings.push(finding(found.copy.instruction, circle(link)))
    }
  }
  if (replaced.size === 0) return { entries, findings }
  const sent = entries.flatMap(entry => replaced.get(entry.path) ?? [entry])
  return { entries: sent.sort((a, b) => (a.path < b.path ? -1 : 1)), findings }
}

/** Docker follows links on the way to a pattern; Kaniko finds nothing behind them. */
export function judgePatterns(copies: readonly ContextCopy[], entries: readonly ContextEntry[]): readonly Finding[] {
  const index = byPath(entries)
  return copies.flatMap(({ instruction, sources }) =>
    sources.flatMap(source => {
      if (!isPattern(source)) return []
      const parts = source.split('/')
      const literal = parts.slice(
        0,
        Math.max(
          parts.findIndex(part => /[*?[\\]/.test(part)),
          0
        )
      )
      const link = literal
        .map((_, at) => literal.slice(0, at + 1).join('/'))
        .find(path => index.get(path)?.kind === 'symlink')
      if (link === undefined) return []
      return finding(instruction, {
        problem: `${source} is a pattern behind the symbolic link ${link}, which Kaniko does not follow there`,
        advice: 'Name the directory to which it leads.'
      })
    })
  )
}

/** Whether a link leads, in the image, to what was copied with its directory before. */
function holds(link: Link, target: string, copy: ContextCopy, { copy: other, directory }: Along): boolean {
  const { destination: at } = copy
  const { destination: root } = other
  if (at === undefined || root === undefined || link.target.startsWith('/')) return false
  if (copy.stage !== other.stage || other.instruction.line > copy.instruction.line) return false
  if (directory !== '' && !target.startsWith(`${directory}/`)) return false
  const own = directory === '' ? target : target.slice(directory.length + 1)
  return posix.join(at.endsWith('/') ? at : posix.dirname(at), link.target) === posix.join(root, own)
}

function tooMany(link: Link): Pick<Finding, 'problem' | 'advice'> {
  return {
    problem: `with what ${link.path} leads to, more than ${MAX_ENTRIES} files would be sent in the place of symbolic links`,
    advice: 'Name the directories that they lead to.'
  }
}

function leadsNowhere(link: Link): Pick<Finding, 'problem' | 'advice'> {
  return {
    problem: `${link.path} is a symbolic link that leads to nothing in the build context, where Docker fails and Kaniko copies the link`,
    advice: 'Put what it should lead to beside the Dockerfile, or make the link in a RUN by ln -s.'
  }
}

function bothWays(link: Link, target: string, other: ContextCopy): Pick<Finding, 'problem' | 'advice'> {
  return {
    problem:
      `${link.path} is a symbolic link, of which Docker copies what it leads to, and line ${other.instruction.line} copies ` +
      'the directory with the link in it; Kaniko would copy the link both times',
    advice: `Name ${target === '' ? '.' : target} here in place of ${link.path}.`
  }
}

function circle(link: Link): Pick<Finding, 'problem' | 'advice'> {
  return {
    problem: `${link.path} is a symbolic link that leads back to itself, and Kaniko fails on it`,
    advice: 'Remove it, or leave it out by .dockerignore.'
  }
}

/** The entries by their paths. */
class Tree {
  readonly #entries: readonly ContextEntry[]
  readonly #byPath: ReadonlyMap<string, ContextEntry>

  constructor(entries: readonly ContextEntry[]) {
    this.#entries = entries
    this.#byPath = byPath(entries)
  }

  /** The path that a link leads to, as if the context were all there is; undefined when nothing is there. */
  follow(link: Link): string | undefined {
    const found = this.#walk(link)
    return found === 'circle' ? undefined : found?.path
  }

  isCircle(link: Link): boolean {
    return this.#walk(link) === 'circle'
  }

  isFile(path: string): boolean {
    return this.#byPath.get(path)?.kind === 'file'
  }

  /** What lies at a path, moved to that of the link; `limit` of it at most. */
  inPlaceOf({ path }: Link, target: string, limit: number): readonly ContextEntry[] {
    const moved = (entry: ContextEntry): ContextEntry => {
      const place = { ...entry, path: path + entry.path.slice(target.length) }
      return place.kind === 'file' ? { ...place, source: place.source ?? entry.path } : place
    }
    const own = this.#byPath.get(target)
    const found = own === undefined ? [] : [moved(own)]
    if (own?.kind !== 'directory') return found
    const below = `${target}/`
    for (let at = this.#firstFrom(below); found.length < limit; at++) {
      const entry = this.#entries[at]
      if (entry?.path.startsWith(below) !== true) break
      found.push(moved(entry))
    }
    return found
  }

  /** Entries are in the order of their paths. */
  #firstFrom(path: string): number {
    let low = 0
    for (let high = this.#entries.length; low < high;) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.path ?? '') < path) low = middle + 1
      else high = middle
    }
    return low
  }

  #walk(link: Link): { readonly path: string } | 'circle' | undefined {
    let ahead = [...parentOf(link.path), ...link.target.split('/')]
    if (link.target.startsWith('/')) ahead = link.target.split('/')
    const done: string[] = []
    let links = 1
    for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
      if (part === '' || part === '.') continue
      if (part === '..') {
        done.pop()
        continue
      }
      const entry = this.#byPath.get([...done, part].join('/'))
      if (entry === undefined) return undefined
      if (entry.kind !== 'symlink') {
        done.push(part)
        continue
      }
      if (++links > MAX_LINKS) return 'circle'
      if (entry.target.startsWith('/')) done.length = 0
      ahead = [...entry.target.split('/'), ...ahead]
    }
    // The whole context in place of a link in it would be itself again.
    return done.length === 0 ? undefined : { path: done.join('/') }
  }
}

function parentOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1)
}
