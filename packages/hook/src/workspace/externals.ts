import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, renameSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

import { HookError, messageOf } from '../report/errors.js'
import { inDirectory, type Directory } from '../files/directory.js'

/** How the names of unfinished copies and of what they replaced begin; they belong to nobody after an hour. */
const PASSING = '.kaniko-hooks-'
const PASSED_MS = 3_600_000

/** The exit code of a program that is not there, as a shell has it. */
const NOT_FOUND = 127

/**
 * Puts the runner's externals (its node builds) on the work volume, where the job pod mounts them. A build whose files are
 * there with the same contents is kept: on slow storage to write it takes longer than the pod's start. Nothing on the
 * volume says by itself that it is whole: whoever could change a build could have written that too.
 *
 * cp(1) and diff(1) do it, for each build beside the others: for thousands of small files cp needs a fifth of the time that
 * node's own copying takes. The runner's start script uses cp too; an image without diff has each build copied anew.
 *
 * @param from the runner's externals directory
 * @param to its place on the work volume, whose parent is trusted; exists afterwards, also while the copy is still going on
 * @param signal ends the copying
 * @throws HookError WORKSPACE with what cp said
 */
export async function deliverExternals(from: string, to: string, signal: AbortSignal): Promise<void> {
  const builds = await readdir(from)
  inDirectory(dirname(to), [], parent => {
    const name = basename(to)
    const found = parent.look(name)
    if (found?.isDirectory() === true) return
    if (found !== undefined) parent.clear(name)
    parent.make(name)
  })
  const works = await Promise.allSettled([
    removePassed(to, signal),
    ...builds.map(async build => {
      if (!(await isSame(join(from, build), join(to, build), signal))) await copyBuild(from, build, to, signal)
    })
  ])
  // Only now: what is still being copied when the hook goes on would stay as half a copy.
  for (const work of works) if (work.status === 'rejected') throw work.reason
}

/** A hook that was killed leaves its copy behind, and a lasting volume would fill up. */
async function removePassed(to: string, signal: AbortSignal): Promise<void> {
  const passed = inDirectory(dirname(to), [basename(to)], directory =>
    readdirSync(directory.path).filter(
      name => name.startsWith(PASSING) && Date.now() - (directory.look(name)?.ctimeMs ?? Date.now()) > PASSED_MS
    )
  )
  if (passed.length > 0) await run('/bin/rm', ['-rf', ...passed.map(name => join(to, name))], signal)
}

/** Compares contents; links are compared as links. */
async function isSame(from: string, to: string, signal: AbortSignal): Promise<boolean> {
  const { code } = await run('/usr/bin/diff', ['-rq', '--no-dereference', from, to], signal)
  return code === 0
}

/**
 * Copies a build to a name of its own and gives it its right one at once: what is there is replaced whole, and no link that
 * somebody left in it is written through.
 */
async function copyBuild(from: string, build: string, to: string, signal: AbortSignal): Promise<void> {
  const fresh = `${PASSING}${randomUUID()}`
  try {
    const { code, said } = await run('/bin/cp', ['-R', join(from, build), join(to, fresh)], signal)
    if (code !== 0) throw new Error(said || `cp ended with ${code ?? 'a signal'}`)
    const old = inDirectory(dirname(to), [basename(to)], directory => swap(directory, fresh, build))
    if (old !== undefined) await run('/bin/rm', ['-rf', join(to, old)], signal)
  } catch (error) {
    // What is half a copy is nobody's build.
    await run('/bin/rm', ['-rf', join(to, fresh)]).catch(() => undefined)
    throw new HookError(
      'WORKSPACE',
      `The runner's ${join(from, build)} could not be copied to the work volume: ${messageOf(error)}. Is the volume writable and not full?`,
      { cause: error }
    )
  }
}

/** @returns the name that what was there has now */
function swap(directory: Directory, fresh: string, build: string): string | undefined {
  const old = directory.look(build) === undefined ? undefined : `${PASSING}${randomUUID()}`
  if (old !== undefined) renameSync(directory.at(build), directory.at(old))
  renameSync(directory.at(fresh), directory.at(build))
  return old
}

async function run(
  program: string,
  args: readonly string[],
  signal?: AbortSignal
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', error => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') resolve(NOT_FOUND)
        else reject(error)
      })
      child.on('close', resolve)
    })
    const [said, code] = await Promise.all([text(child.stderr), ended])
    return { code, said: said.trim().split('\n').slice(-2).join('; ') }
  } finally {
    process.removeListener('exit', stop)
  }
}
