import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What stays on the runner: its own answers, and externals, which reach the pods from the runner's image. */
export const STAYS = /^(?:externals|_temp\/_runner_hook_responses)(?:\/|$)/

/**
 * The files below a directory that were made or changed since a moment, as relative paths. Times of change count (ctime):
 * copies keep the times of their contents. A directory is listed only when it is empty; others come with their files, and
 * an archive of a directory that exists makes tar change it, which only its owner may.
 *
 * @param since milliseconds of the epoch; 0 for everything
 * @param known directories that are there already, empty or not
 */
export function changedFiles(directory: string, since: number, known: ReadonlySet<string>): string[] {
  const changed: string[] = []
  const walk = (below: string): void => {
    const entries = readdirSync(join(directory, below), { withFileTypes: true })
    if (entries.length === 0 && below !== '' && !known.has(below) && isNewer(join(directory, below), since)) {
      changed.push(below)
    }
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (STAYS.test(path)) continue
      if (entry.isDirectory()) walk(path)
      else if ((entry.isFile() || entry.isSymbolicLink()) && isNewer(join(directory, path), since)) changed.push(path)
    }
  }
  walk('')
  return changed
}

function isNewer(path: string, since: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.ctimeMs > since
}
