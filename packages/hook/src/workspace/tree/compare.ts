import { isSame } from './entry.js'
import { Index } from './index.js'
import { isBelow, parentOf } from './paths.js'

/** What has to be done so that the other side is like this one. */
export interface Changes {
  /** In this order, each as the ones before it left things. */
  readonly renames: readonly (readonly [from: string, to: string])[]
  /** Deepest first. */
  readonly removed: readonly string[]
  /** In the order of the index: directories before what is in them. */
  readonly changed: readonly string[]
}

/** What of a tree is not compared. */
interface Rules {
  /** Directories that stay where they are, on both sides. */
  readonly isFixed: (path: string) => boolean
  /** What is not the other side's business. */
  readonly leavesOut: (path: string) => boolean
}

/** More are a rebuilt tree, which is sent as that. */
const MAX_RENAMES = 100

/**
 * Compares a tree with what it was.
 *
 * @param before as the other side has it
 * @param closed directories that could not be looked into: what was there is taken to be there
 */
export function compare(before: Index, now: Index, closed: readonly string[], rules: Rules): Changes {
  const left = before.apart(now)
  return compareEach(left.before, left.now, closed, rules)
}

/** The same, in which each entry is looked up. */
export function compareEach(
  before: Index,
  now: Index,
  closed: readonly string[],
  { isFixed, leavesOut }: Rules
): Changes {
  const { base, renames } = followRenames(before, now, isFixed)
  const changed: string[] = []
  for (const [path, entry] of now) {
    const old = base.get(path)
    if (entry.kind === 'd' && old?.kind === 'd' && isFixed(path)) continue
    if (entry.kind !== 'o' && (old === undefined || !isSame(old, entry))) changed.push(path)
  }
  return { renames, removed: goneFrom(base, now, closed, { isFixed, leavesOut }), changed }
}

/** All that there is, for somebody who has forgotten what he has; what was there and is gone, he may still have. */
export function compareWhole(before: Index, now: Index, closed: readonly string[], rules: Rules): Changes {
  return { ...compareEach(new Index(), now, closed, rules), removed: goneFrom(before, now, closed, rules) }
}

/** Deepest first. */
function goneFrom(before: Index, now: Index, closed: readonly string[], { isFixed, leavesOut }: Rules): string[] {
  const removed: string[] = []
  for (const [path, old] of before) {
    const entry = now.get(path)
    const isGone = entry === undefined || (entry.kind === 'o' && old.kind !== 'o')
    const isOurs = !isFixed(path) && !leavesOut(path)
    if (isGone && old.kind !== 'o' && isOurs && !isBelow(path, closed)) removed.push(path)
  }
  return removed.sort().reverse()
}

/**
 * Directories that have another path now. They are known by their inodes; that one may be another directory's by now does no
 * harm, since what is in it is compared all the same.
 */
function followRenames(
  before: Index,
  now: Index,
  isFixed: (path: string) => boolean
): { readonly base: Index; readonly renames: readonly (readonly [from: string, to: string])[] } {
  const gone = new Map<number, string>()
  for (const [path, { kind, inode }] of before) {
    if (kind === 'd' && !now.has(path)) gone.set(inode, path)
  }
  const renames: (readonly [from: string, to: string])[] = []
  let base = before
  if (gone.size === 0) return { base, renames }
  for (const [to, { kind, inode }] of now) {
    if (kind !== 'd' || base.has(to) || renames.length === MAX_RENAMES) continue
    const from = gone.get(inode)
    // It may have moved with a directory above it.
    if (from === undefined || base.get(from)?.inode !== inode || now.has(from)) continue
    if (isFixed(from) || isFixed(to) || to.startsWith(`${from}/`) || !hasRealParents(to, base)) continue
    if (holdsFixed(from, base, isFixed)) continue
    renames.push([from, to])
    if (base === before) base = before.copy()
    base.rename(from, to)
  }
  return { base, renames }
}

/** Nothing else than a directory is in the way. */
function hasRealParents(path: string, base: Index): boolean {
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
    const found = base.get(parent)
    if (found !== undefined && found.kind !== 'd') return false
  }
  return true
}

function holdsFixed(from: string, base: Index, isFixed: (path: string) => boolean): boolean {
  for (const path of base.paths()) if (path.startsWith(`${from}/`) && isFixed(path)) return true
  return false
}
