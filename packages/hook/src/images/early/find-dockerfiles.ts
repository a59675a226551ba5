import { existsSync, opendirSync, realpathSync, type Stats } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

import { Directory } from '../../files/directory.js'
import { findAction } from './action-dockerfile.js'
import { clockAhead } from './clock-ahead.js'

/** What the runner writes beside an action when it has it whole. */
const COMPLETED = '.completed'

/** `owner/repository` stand before a ref, and a ref may have slashes. */
const FIRST_REF = 2
const LAST_REF = 7

/** For all of it, in milliseconds: on a file server a look takes one. */
const LONGEST_MS = 200

/** How deep in a repository actions are looked for. */
const DEEPEST = 3

/** For everything that is looked at: somebody waits for the job. */
const LOOKS = 2_000

/** A context that is larger is left to its step: it would hold the job up, and no Secret can have it. */
const LARGEST = { entries: 1_000, bytes: 4 * 1024 * 1024 }

const TOO_LARGE = `is left to its step: its directory has more than ${LARGEST.entries} files or ${LARGEST.bytes >> 20} MiB.`

const SKIPPED = new Set(['node_modules', '.git'])

/** How much may still be looked at, and until when, of `performance.now()`. */
interface Budget {
  left: number
  readonly until: number
}

/** What a search may be told besides. */
interface SearchOptions {
  /** How long it may take; what is not found by then is left to its step. */
  readonly longestMs?: number
  /** This machine's clock. */
  readonly now?: () => number
  /** Told why an action is left to its step. */
  readonly note?: (text: string) => unknown
}

interface FoundDockerfile {
  readonly dockerfile: string
  /** How far below the repository's beginning its action is. */
  readonly depth: number
  readonly isSmall: boolean
}

/**
 * Finds the Dockerfiles of the actions that the runner has downloaded for this job. The runner empties `_actions` before; what an
 * earlier job left behind all the same is not taken for this one's: the mark that the runner writes beside an action, or its
 * link to its own cache, has to be younger than the job, by a time that no program can set, on the clock that sets it.
 *
 * In a repository that is an action itself, no others are looked for: whether a job uses them is not known here.
 *
 * @param actions `_work/_actions`
 * @param began when the job began, by this machine's clock; see `jobBegan`
 * @param cache where the runner's links may lead
 * @returns absolute paths, those of whole repositories first
 * @throws the system's error where no file can be made in `actions`, or where that is a link
 */
export async function findDockerfiles(
  actions: string,
  began: number,
  cache: string | undefined,
  { longestMs = LONGEST_MS, now = Date.now, note = () => undefined }: SearchOptions = {}
): Promise<string[]> {
  if (!existsSync(actions)) return []
  const since = began + clockAhead(actions, now)
  const budget = { left: LOOKS, until: performance.now() + longestMs }
  const skip = (path: string, why: string): unknown => note(`${relative(actions, path)} ${why}`)
  const roots: string[] = []
  const nested: string[] = []
  const others: string[] = []
  for (const path of downloadedIn(actions, { since, cache }, budget, others)) {
    const found = await dockerfilesOf(path, budget).catch(() => [])
    for (const { dockerfile, depth, isSmall } of found) {
      if (isSmall) (depth === 0 ? roots : nested).push(dockerfile)
      else if (!isSpent(budget)) skip(dockerfile, TOO_LARGE)
    }
  }
  for (const path of others) skip(path, 'is not looked at: its mark is not of this job.')
  if (isSpent(budget)) note('The search for actions has ended at its limit.')
  return [...roots, ...nested]
}

/** @param others gets those that were marked, but not in this job */
function downloadedIn(
  actions: string,
  { since, cache }: { readonly since: number; readonly cache: string | undefined },
  budget: Budget,
  others: string[]
): string[] {
  const found: string[] = []
  // A second name could be that of a file which the runner writes anew in each job.
  const isOfJob = ({ ctimeMs, nlink }: Stats): boolean => ctimeMs >= since && nlink === 1
  const walk = (directory: Directory, path: string, depth: number): void => {
    for (const name of namesIn(directory, budget)) {
      const stats = directory.look(name)
      const below = join(path, name)
      if (stats?.isSymbolicLink() === true) {
        if (depth >= FIRST_REF && isOfJob(stats) && leadsInto(below, cache)) found.push(below)
        continue
      }
      if (stats?.isDirectory() !== true) continue
      const mark = depth < FIRST_REF ? undefined : directory.look(`${name}${COMPLETED}`)
      if (mark !== undefined) {
        ;(mark.isFile() && isOfJob(mark) ? found : others).push(below)
      } else if (depth < LAST_REF) {
        within(directory.enter(name), inner => walk(inner, below, depth + 1))
      }
    }
  }
  try {
    within(Directory.reach(dirname(actions), [basename(actions)]), top => walk(top, actions, 0))
  } catch {
    // It is not there, or has changed while it was looked at: steps build for themselves.
  }
  return found
}

async function dockerfilesOf(path: string, budget: Budget): Promise<FoundDockerfile[]> {
  const found: FoundDockerfile[] = []
  let level: readonly (readonly string[])[] = [[]]
  for (let depth = 0; depth <= DEEPEST; depth += 1) {
    const next: string[][] = []
    for (const names of level) {
      const directory = Directory.reach(path, names)
      try {
        const action = await findAction(directory, depth === 0)
        if (action.kind === 'dockerfile') {
          const isSmall = isSmallContext(directory, action.path, budget)
          found.push({ dockerfile: join(path, ...names, action.path), depth, isSmall })
        }
        if (action.kind !== 'none') continue
        for (const name of namesIn(directory, budget)) {
          if (!SKIPPED.has(name) && directory.look(name)?.isDirectory() === true) next.push([...names, name])
        }
      } finally {
        directory.close()
      }
    }
    level = next
  }
  return found
}

/** Whether the directory of a Dockerfile, which is the context, can be read in no time. */
function isSmallContext(directory: Directory, dockerfile: string, budget: Budget): boolean {
  const parts = dockerfile.split('/').slice(0, -1)
  const left = { entries: LARGEST.entries, bytes: LARGEST.bytes }
  const fits = (inner: Directory): boolean => {
    for (const name of namesIn(inner, budget)) {
      const stats = inner.look(name)
      left.entries -= 1
      if (stats?.isFile() === true) left.bytes -= stats.size
      if (left.entries < 0 || left.bytes < 0) return false
      if (stats?.isDirectory() === true && !within(inner.enter(name), fits)) return false
    }
    // Not all of it was looked at.
    return !isSpent(budget)
  }
  return within(Directory.reach(directory.path, parts), fits)
}

/** The names in a directory, as many as may still be looked at. */
function* namesIn(directory: Directory, budget: Budget): Generator<string> {
  const names: string[] = []
  const opened = opendirSync(directory.path)
  try {
    for (let entry = opened.readSync(); entry !== null && !isSpent(budget); entry = opened.readSync()) {
      budget.left -= 1
      names.push(entry.name)
    }
  } finally {
    opened.closeSync()
  }
  for (const name of names.sort()) if (performance.now() < budget.until) yield name
}

function isSpent({ left, until }: Budget): boolean {
  return left <= 0 || performance.now() >= until
}

function leadsInto(link: string, cache: string | undefined): boolean {
  if (cache === undefined) return false
  try {
    return realpathSync(link).startsWith(`${realpathSync(cache)}/`)
  } catch {
    return false
  }
}

function within<T>(directory: Directory, body: (directory: Directory) => T): T {
  try {
    return body(directory)
  } finally {
    directory.close()
  }
}
