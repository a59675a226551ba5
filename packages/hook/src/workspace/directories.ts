import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Directories below the work directory that pods mount; a missing one would be made by the kubelet, for root. */
const MOUNTED = [
  '_temp',
  '_temp/_github_home',
  '_temp/_github_workflow',
  '_temp/_runner_file_commands',
  '_actions',
  '_tool'
]

/** Makes the directories of a job below the work directory. */
export async function makeDirectories(workDirectory: string): Promise<void> {
  for (const name of MOUNTED) await mkdir(join(workDirectory, name), { recursive: true })
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
  const files = await readdir(commands).catch(() => [])
  const directories = [temp, commands, join(temp, '_github_home'), join(temp, '_github_workflow'), workspaceDirectory]
  await Promise.all([
    ...directories.flatMap(path => (path === undefined ? [] : [widen(path, 0o777)])),
    ...files.map(async name => widen(join(commands, name), 0o666))
  ])
}

async function widen(path: string, mode: number): Promise<void> {
  try {
    const { mode: before } = await stat(path)
    if ((before & mode) !== mode) await chmod(path, before | mode)
  } catch {
    // Gone, or owned by a container's user: that user can write there already.
  }
}
