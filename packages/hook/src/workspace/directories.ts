import { closeSync, fchmodSync, fstatSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'

import { HookError, messageOf } from '../report/errors.js'
import { inDirectory } from '../files/directory.js'
import { guardWork } from './guard.js'
import { parentsOf } from './tree/paths.js'
import { FILE_COMMANDS } from './tree/leaves-out.js'

/** Whether this is the event's file, which the runner writes anew before each step. */
export function isEvent(path: string): boolean {
  return path === '_temp/_github_workflow/event.json'
}

/** Directories below the work directory that pods mount; a missing one would be made by the kubelet, for root. */
export const MOUNTED = ['_temp', '_temp/_github_home', '_temp/_github_workflow', FILE_COMMANDS, '_actions', '_tool']

/** Directories that no step's removal reaches: the runner and the pods count on them. */
export function fixedDirectories(workspace: string | undefined): ReadonlySet<string> {
  return new Set([...MOUNTED, ...(workspace === undefined ? [] : [workspace, ...parentsOf(workspace)])])
}

/** Makes the directories of a job below the work directory, in the place of what an earlier job may have left there. */
export function makeDirectories(workDirectory: string): void {
  guardWork(workDirectory)
  try {
    for (const path of MOUNTED) {
      const names = path.split('/')
      const name = names.pop() ?? ''
      inDirectory(workDirectory, names, directory => {
        if (directory.look(name) === undefined) directory.make(name)
      })
    }
  } catch (error) {
    throw new HookError(
      'WORKSPACE',
      `The work directory cannot be written by uid ${process.getuid?.() ?? '?'}: ${messageOf(error)}. Set fsGroup in the runner's pod template.`,
      { fault: 'configuration', cause: error }
    )
  }
}

/**
 * Opens what the runner just made to every user. The runner is uid 1001 and creates its files 0644; on a Docker runner
 * containers are mostly root, but a job image or an action may run as anyone. What another user owns stays as it is.
 *
 * @param workspaceDirectory the repository's directory; undefined when the call does not say
 */
export function openToEveryone(workDirectory: string, workspaceDirectory: string | undefined): void {
  for (const path of ['_temp', FILE_COMMANDS, '_temp/_github_home', '_temp/_github_workflow']) {
    widen(workDirectory, path, 0o777)
  }
  if (workspaceDirectory !== undefined) widen(workDirectory, relative(workDirectory, workspaceDirectory), 0o777)
  for (const name of namesIn(workDirectory, FILE_COMMANDS)) widen(workDirectory, `${FILE_COMMANDS}/${name}`, 0o666)
}

function namesIn(workDirectory: string, path: string): string[] {
  try {
    return inDirectory(workDirectory, path.split('/'), directory => readdirSync(directory.path))
  } catch {
    return []
  }
}

/** Never through a link: a job can put one there that leads to a file of the runner's own. */
function widen(workDirectory: string, path: string, mode: number): void {
  const names = path.split('/')
  const name = names.pop() ?? ''
  try {
    inDirectory(workDirectory, names, directory => {
      const file = directory.openFor(name)
      try {
        const found = fstatSync(file)
        if ((found.isFile() || found.isDirectory()) && (found.mode & mode) !== mode) {
          fchmodSync(file, (found.mode & 0o7777) | mode)
        }
      } finally {
        closeSync(file)
      }
    })
  } catch {
    // Gone, a link, or owned by a container's user: that user can write there already.
  }
}
