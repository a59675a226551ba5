import { cp, mkdir, readdir, rm } from 'node:fs/promises'

/**
 * Stands for `actions/checkout`: makes the target a copy of the source, modes and links kept. What cannot be removed
 * (a root container made it) stays.
 *
 * @throws the file system's error when a file cannot be copied
 */
export async function checkout(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  await emptyDirectory(target)
  await cp(source, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}

/** Removes all that may be removed below a directory. The directory itself may be a mount and stays. */
export async function emptyDirectory(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  await Promise.all(
    names.map(name => rm(`${directory}/${name}`, { recursive: true, force: true }).catch(() => undefined))
  )
}
