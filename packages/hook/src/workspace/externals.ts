import { spawn } from 'node:child_process'
import { lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { HookError, messageOf } from '../errors.js'

const STAMP = '.kaniko-hooks-complete'

/**
 * Puts the runner's externals (its node builds) on the work volume, where the job pod mounts them. What is there
 * already and complete is kept: the copy takes longer than the pod's start on slow storage.
 *
 * cp(1) does it, one for each build: for thousands of small files it needs a fifth of the time that node's own copying
 * takes. The runner's start script uses it too, so every runner image has it.
 *
 * @param from the runner's externals directory
 * @param to its place on the work volume; exists afterwards, also while the copy is still going on
 * @param signal ends the copying
 * @throws HookError WORKSPACE with what cp said
 */
export async function deliverExternals(from: string, to: string, signal: AbortSignal): Promise<void> {
  const builds = (await readdir(from)).sort()
  const version = await fingerprint(from, builds)
  // A link here would make cp write somewhere else.
  if ((await lstat(to).catch(() => undefined))?.isSymbolicLink() === true) await rm(to)
  await mkdir(to, { recursive: true })
  const stamp = await readFile(join(to, STAMP), 'utf8').catch(() => '')
  if (stamp === version) return
  // Half a copy must not pass for a whole one when this is cut off.
  await rm(join(to, STAMP), { force: true })
  await Promise.all(builds.map(async build => copyTree(join(from, build), to, signal)))
  await writeFile(join(to, STAMP), version)
}

async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  // A file that cannot be written over, such as a node that still runs, is replaced (-f).
  const cp = spawn('/bin/cp', ['-Rf', from, `${to}/`], { stdio: ['ignore', 'ignore', 'pipe'], signal })
  const stop = (): void => void cp.kill()
  process.once('exit', stop)
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      cp.on('error', reject)
      cp.on('close', resolve)
    })
    const [said, code] = await Promise.all([text(cp.stderr), ended])
    if (code === 0) return
    throw new Error(said.trim().split('\n').slice(-2).join('; ') || `cp ended with ${code ?? 'a signal'}`)
  } catch (error) {
    throw new HookError(
      'WORKSPACE',
      'cluster',
      `The runner's ${from} could not be copied to the work volume: ${messageOf(error)}. Is the volume writable and not full?`,
      { cause: error }
    )
  } finally {
    process.removeListener('exit', stop)
  }
}

/** Names the runner's externals by what changes with its version: the node builds and their sizes and times. */
async function fingerprint(externals: string, builds: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    builds.map(async build => {
      const node = await stat(join(externals, build, 'bin', 'node')).catch(() => undefined)
      return `${build} ${node?.size ?? 0} ${Math.trunc(node?.mtimeMs ?? 0)}`
    })
  )
  return parts.join('\n')
}
