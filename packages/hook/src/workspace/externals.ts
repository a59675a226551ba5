import { constants } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile
} from 'node:fs/promises'
import { join } from 'node:path'

/** Copies at a time; more gain nothing on a network volume that answers in a millisecond. */
const CONCURRENCY = 16
const STAMP = '.kaniko-hooks-complete'

/**
 * Puts the runner's externals (its node builds) on the work volume, where the job pod mounts them. What is there
 * already and complete is kept: the copy takes longer than the pod's start on slow storage.
 *
 * @param from the runner's externals directory
 * @param to its place on the work volume; exists afterwards, also while the copy is still going on
 */
export async function deliverExternals(from: string, to: string): Promise<void> {
  const version = await fingerprint(from)
  await mkdir(to, { recursive: true })
  const stamp = await readFile(join(to, STAMP), 'utf8').catch(() => '')
  if (stamp === version) return
  await rm(join(to, STAMP), { force: true })
  const files: (() => Promise<void>)[] = []
  await plan(from, to, files)
  let next = 0
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let copy = files[next++]; copy !== undefined; copy = files[next++]) await copy()
    })
  )
  await writeFile(join(to, STAMP), version)
}

/** Makes the directories now and notes the copies; the largest files go first, so that none is left alone at the end. */
async function plan(from: string, to: string, files: (() => Promise<void>)[]): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true })
  for (const entry of entries) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true })
      await plan(source, target, files)
    } else if (entry.isSymbolicLink()) {
      files.push(async () => {
        await rm(target, { force: true })
        await symlink(await readlink(source), target)
      })
    } else if (entry.isFile()) {
      const copy = async (): Promise<void> => copyWhole(source, target)
      if (entry.name === 'node') files.unshift(copy)
      else files.push(copy)
    }
  }
}

/** A file appears under its name only when it is whole: a job that was cut off must not leave half a node. */
async function copyWhole(source: string, target: string): Promise<void> {
  const half = `${target}.half`
  await copyFile(source, half, constants.COPYFILE_FICLONE)
  await chmod(half, (await stat(source)).mode & 0o777)
  await rename(half, target)
}

/** Names the runner's externals by what changes with its version: the node builds and their sizes and times. */
async function fingerprint(externals: string): Promise<string> {
  const builds = (await readdir(externals)).sort()
  const parts = await Promise.all(
    builds.map(async build => {
      const node = await stat(join(externals, build, 'bin', 'node')).catch(() => undefined)
      return `${build} ${node?.size ?? 0} ${Math.trunc(node?.mtimeMs ?? 0)}`
    })
  )
  return parts.join('\n')
}
