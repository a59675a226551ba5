import type { Entry, Listing } from './listing.js'
import { STAYS, type ChangedFiles } from './changed-files.js'
import { MOUNTED } from './directories.js'

/** What is known of a path in a pod since the last transfer. */
export interface Known {
  /**
   * An entry's sign, when the pod was seen to have it. A path that was sent has `sent <time>`: what the pod changed
   * later than this ctime is not what was sent. Empty: to be looked at again.
   */
  readonly sign: string
  /** Whether the runner's disk has it too: what only the pod has (a socket, an unreadable file) was not removed there. */
  readonly held: boolean
  readonly isDirectory: boolean
}

/** The paths of one pod. The next transfer compares them to find what is new, changed, renamed and gone. */
export type KnownFiles = Map<string, Known>

const FIRST = '_temp/_runner_file_commands/'

/**
 * What the pod has and the runner has not, or not like this: the files and links, and directories that are empty. What a
 * step tells the runner comes first.
 */
export function wantedEntries({ entries, now }: Listing, known: KnownFiles): Entry[] {
  const full = new Set<string>()
  for (const path of entries.keys()) full.add(parentOf(path))
  const wanted = [...entries.values()].filter(entry => {
    if (entry.type === 'other' || STAYS.test(entry.path)) return false
    if (entry.type === 'directory' && full.has(entry.path)) return false
    return !isKnown(entry, known.get(entry.path), now)
  })
  const isFirst = ({ path }: Entry): boolean => path.startsWith(FIRST)
  return [...wanted.filter(isFirst), ...wanted.filter(entry => !isFirst(entry))]
}

/** Whether an entry is one of the files that a step writes for the runner: outputs, environment, summary. */
export function isFileCommand({ path }: Entry): boolean {
  return path.startsWith(FIRST)
}

function isKnown(entry: Entry, known: Known | undefined, now: number): boolean {
  if (known === undefined) return false
  if (known.isDirectory !== (entry.type === 'directory')) return false
  if (known.sign.startsWith('sent ')) return known.isDirectory || isOlder(entry, Number(known.sign.slice(5)))
  return known.sign !== '' && known.sign === signOf(entry, now)
}

/** A file that was changed in the moment of a mark may have been changed before or after it. What was unpacked is as old as its content. */
function isOlder({ ctime, mtime }: Entry, mark: number): boolean {
  return ctime < mark || (ctime === mark && mtime < mark)
}

/** What identifies an entry's content later; none when the listing's own moment may hide a further change. */
export function signOf(entry: Entry, now: number): string {
  return entry.type === 'directory' || isOlder(entry, now) ? entry.sign : ''
}

/**
 * What the pod had and has no more. Deepest first, so that directories are empty when their turn comes. What is
 * closed may still be there.
 *
 * @param spared directories that stay whatever a step does
 */
export function goneFromPod({ entries, closed }: Listing, known: KnownFiles, spared: ReadonlySet<string>): string[] {
  return deepestFirst(
    [...known].flatMap(([path, { held, isDirectory }]) => {
      const now = entries.get(path)
      const isThere = now !== undefined && (now.type === 'directory') === isDirectory
      const mayBeThere = isThere || isClosed(path, closed)
      return mayBeThere || !held || spared.has(path) || STAYS.test(path) ? [] : [path]
    })
  )
}

/** Whether the tools complained of the path or of a directory above it. Some names they escape, each in a way of its own. */
function isClosed(path: string, said: string): boolean {
  if (said === '') return false
  return (
    /[^ -~]|['"\\]/.test(path) ||
    [path, ...parentsOf(path)].some(name => said.includes(`./${name}'`) || said.includes(`./${name}:`))
  )
}

/** What the runner's disk had and has no more; the same order. What lies in an unreadable directory may still be there. */
export function goneFromRunner(
  { present, unreadable }: Pick<ChangedFiles, 'present' | 'unreadable'>,
  known: KnownFiles,
  spared: ReadonlySet<string>
): string[] {
  return deepestFirst(
    [...known].flatMap(([path, { held, isDirectory }]) => {
      const isThere = present.get(path) === isDirectory
      const mayBeThere = isThere || unreadable.some(closed => closed === '' || path.startsWith(`${closed}/`))
      return mayBeThere || !held || spared.has(path) || STAYS.test(path) ? [] : [path]
    })
  )
}

function deepestFirst(paths: string[]): string[] {
  return paths.sort().reverse()
}

/** Directories that no step's removal reaches: the runner and the pods count on them. */
export function sparedDirectories(workspace: string | undefined): ReadonlySet<string> {
  return new Set([...MOUNTED, ...(workspace === undefined ? [] : [workspace, ...parentsOf(workspace)])])
}

/** The directories above a path, the nearest first. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) parents.push(parent)
  return parents
}

function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end < 0 ? '' : path.slice(0, end)
}
