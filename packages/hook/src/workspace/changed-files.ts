import { chmodSync, lstatSync, readdirSync, type Dirent } from 'node:fs'
import { join } from 'node:path'

/** What stays on the runner: its own answers, and externals, which reach the pods from the runner's image. */
export const STAYS = /^(?:externals|_temp\/_runner_hook_responses)(?:\/|$)/

export interface ChangedFile {
  readonly path: string
  /** Bytes; 0 for a directory. */
  readonly size: number
  readonly isDirectory: boolean
}

export interface ChangedFiles {
  readonly changed: readonly ChangedFile[]
  /** Every path that is there, changed or not, and whether it is a directory. */
  readonly present: ReadonlyMap<string, boolean>
  /** What this user may not read, and may not make readable. */
  readonly unreadable: readonly string[]
}

/**
 * The files below a directory that were made or changed since a moment, as relative paths. Times of change count (ctime):
 * copies keep the times of their contents. A directory is listed only when it is empty; others come with their files, and
 * an archive of a directory that exists makes tar change it, which only its owner may.
 *
 * A step can leave files behind that nobody may read. Their copies here are this user's: he may read them again.
 *
 * @param since milliseconds of the epoch; 0 for everything
 * @param known directories that are there already, empty or not
 */
export function changedFiles(directory: string, since: number, known: ReadonlySet<string>): ChangedFiles {
  const changed: ChangedFile[] = []
  const present = new Map<string, boolean>()
  const unreadable: string[] = []
  const walk = (below: string): void => {
    const entries = entriesOf(join(directory, below))
    if (entries === undefined) {
      unreadable.push(below)
      return
    }
    if (entries.length === 0 && below !== '' && !known.has(below)) {
      const found = lstatSync(join(directory, below), { throwIfNoEntry: false })
      if (found !== undefined && found.ctimeMs >= since) changed.push({ path: below, size: 0, isDirectory: true })
    }
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (STAYS.test(path)) continue
      present.set(path, entry.isDirectory())
      if (entry.isDirectory()) walk(path)
      if (!entry.isFile() && !entry.isSymbolicLink()) continue
      const found = lstatSync(join(directory, path), { throwIfNoEntry: false })
      if (found === undefined || found.ctimeMs < since) continue
      if (found.isSymbolicLink() || grantRights(join(directory, path), found.mode, 0o400)) {
        changed.push({ path, size: found.isFile() ? found.size : 0, isDirectory: false })
      } else unreadable.push(path)
    }
  }
  walk('')
  return { changed, present, unreadable }
}

function entriesOf(path: string): Dirent[] | undefined {
  try {
    const { mode } = lstatSync(path)
    grantRights(path, mode, 0o700)
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : undefined
  }
}

/** Gives the owner the rights; false when the file is another user's. Never called for a link. */
function grantRights(path: string, mode: number, rights: number): boolean {
  if ((mode & rights) === rights) return true
  try {
    chmodSync(path, (mode & 0o7777) | rights)
    return true
  } catch {
    return false
  }
}
