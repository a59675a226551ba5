import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { HookError, messageOf } from '../errors.js'

/** Directories below the work directory that pods mount; a missing one would be made by the kubelet, for root. */
export const MOUNTED = [
  '_temp',
  '_temp/_github_home',
  '_temp/_github_workflow',
  '_temp/_runner_file_commands',
  '_actions',
  '_tool'
]

/** Makes the directories of a job below the work directory. */
export async function makeDirectories(workDirectory: string): Promise<void> {
  try {
    for (const name of MOUNTED) await mkdir(join(workDirectory, name), { recursive: true })
  } catch (error) {
    throw new HookError(
      'WORKSPACE',
      'configuration',
      `The work directory cannot be written by uid ${process.getuid?.() ?? '?'}: ${messageOf(error)}. Set fsGroup in the runner's pod template.`,
      { cause: error }
    )
  }
}

/**
 * Opens what the runner just made to every user. The runner is uid 1001 and creates its files 0644; on a Docker runner
 * containers are mostly root, but a job image or an action may run as anyone. What another user owns stays as it is.
 *
 * @param workspaceDirectory the repository's directory; undefined when the call does not say
 */
export async function openToEveryone(workDirectory: string, workspaceDirectory: string | undefined): Promise<void> {
  const temp = join(workDirectory, '_temp')
  const commands = join(temp, '_runner_file_commands')
  const isOurs = (await lstat(commands).catch(() => undefined))?.isDirectory() === true
  const files = isOurs ? await readdir(commands) : []
  const directories = [temp, commands, join(temp, '_github_home'), join(temp, '_github_workflow'), workspaceDirectory]
  await Promise.all([
    ...directories.flatMap(path => (path === undefined ? [] : [widen(path, 0o777)])),
    ...files.map(async name => widen(join(commands, name), 0o666))
  ])
}

/** Never through a link: a job can put one there that leads to a file of the runner's own. Nor may a FIFO hold us up. */
async function widen(path: string, mode: number): Promise<void> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      if ((found.isFile() || found.isDirectory()) && (found.mode & mode) !== mode) {
        await file.chmod((found.mode & 0o7777) | mode)
      }
    } finally {
      await file.close()
    }
  } catch {
    // Gone, or owned by a container's user: that user can write there already.
  }
}
