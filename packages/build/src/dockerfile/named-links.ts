import type { Context, ContextEntry } from '../context/context.js'
import { type ContextCopy, isPattern, namedBy, takesAlong } from './sources.js'
import { finding, type Finding, type KanikoLine } from './unsupported.js'

type Link = Extract<ContextEntry, { kind: 'symlink' }>

/** As many as Linux follows. */
const MAX_LINKS = 40

/**
 * Puts in the place of a symbolic link that COPY or ADD names itself what it leads to, as Docker copies it; Kaniko copies
 * the link, which leads to nothing in the image. Links in directories that are copied stay links.
 *
 * @returns the entries to send, and what cannot be right: a link that is wanted both ways, one that leads to nothing,
 *   and one that leads back to itself where the line fails on it
 */
export function followNamedLinks(
  { entries }: Pick<Context, 'entries'>,
  copies: readonly ContextCopy[],
  line: KanikoLine
): { readonly entries: readonly ContextEntry[]; readonly findings: readonly Finding[] } {
  const tree = new Tree(entries)
  const findings: Finding[] = []
  const replaced = new Map<string, readonly ContextEntry[]>()
  const wanted = copies.flatMap(copy => copy.sources.map(source => ({ copy, source })))
  for (const { copy, source } of wanted) {
    for (const link of namedBy(source, entries).filter(entry => entry.kind === 'symlink')) {
      const target = tree.follow(link)
      if (target === undefined) {
        // Docker finds that a pattern has matched nothing.
        if (!isPattern(source)) findings.push(finding(copy.instruction, leadsNowhere(link)))
        continue
      }
      const other = wanted.find(({ source: beside }) => takesAlong(beside, link.path, entries))
      if (other === undefined) replaced.set(link.path, tree.inPlaceOf(link, target))
      else findings.push(finding(copy.instruction, bothWays(link, target, other.copy)))
    }
  }
  if (line === 'osscontainertools') {
    for (const link of entries) {
      if (link.kind !== 'symlink' || !tree.isCircle(link)) continue
      const found = wanted.find(({ source }) => takesAlong(source, link.path, entries))
      if (found !== undefined) findings.push(finding(found.copy.instruction, circle(link)))
    }
  }
  if (replaced.size === 0) return { entries, findings }
  const sent = entries.flatMap(entry => replaced.get(entry.path) ?? [entry])
  return { entries: sent.sort((a, b) => (a.path < b.path ? -1 : 1)), findings }
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
    this.#byPath = new Map(entries.map(entry => [entry.path, entry]))
  }

  /** The path that a link leads to, as if the context were all there is; undefined when nothing is there. */
  follow(link: Link): string | undefined {
    const found = this.#walk(link)
    return found === 'circle' ? undefined : found?.path
  }

  isCircle(link: Link): boolean {
    return this.#walk(link) === 'circle'
  }

  /** What lies at a path, moved to that of the link. */
  inPlaceOf({ path }: Link, target: string): readonly ContextEntry[] {
    const moved = (entry: ContextEntry): ContextEntry => {
      const place = { ...entry, path: path + entry.path.slice(target.length) }
      return place.kind === 'file' ? { ...place, source: place.source ?? entry.path } : place
    }
    return this.#entries.filter(entry => entry.path === target || entry.path.startsWith(`${target}/`)).map(moved)
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
