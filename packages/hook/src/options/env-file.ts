import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'

import { Directory } from '../files/directory.js'
import { HookError, messageOf } from '../report/errors.js'
import { belowWork } from '../workspace/mounts.js'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** What a Secret holds at most. */
const MAX_BYTES = 1024 * 1024

/**
 * Reads the variables of `--env-file`. The runner's disk has more than a job may know of: only files below the work directory
 * are read, and no link is followed.
 *
 * @param directory where docker would look for a relative path: the job's workspace
 * @param what the container, for errors
 * @returns the variables, and the names of those without a value, which docker would take from the runner
 * @throws HookError INPUT for a file that cannot be read, or a line that docker would not take
 */
export function readEnvFiles(
  paths: readonly string[],
  {
    workDirectory,
    directory,
    what
  }: { readonly workDirectory: string; readonly directory: string; readonly what: string }
): { readonly variables: Record<string, string>; readonly unset: readonly string[] } {
  const variables: Record<string, string> = {}
  const unset: string[] = []
  for (const path of paths) {
    const refused = (why: string): HookError =>
      new HookError('INPUT', `The options of ${what} cannot be used: --env-file ${JSON.stringify(path)}: ${why}.`)
    const whole = resolve(directory, path)
    if ((belowWork(workDirectory, whole) ?? '') === '') throw refused(`only files below ${workDirectory} are read`)
    for (const [index, line] of readLines(workDirectory, whole, refused).entries()) {
      const text = line.trimStart()
      if (text === '' || text.startsWith('#')) continue
      const at = text.indexOf('=')
      const name = at < 0 ? text.trim() : text.slice(0, at)
      if (name === '') throw refused(`no variable name in line ${index + 1}`)
      if (/\s/.test(name)) throw refused(`the name of the variable in line ${index + 1} contains whitespace`)
      if (at < 0) unset.push(name)
      else variables[name] = text.slice(at + 1)
    }
  }
  return { variables, unset }
}

function readLines(workDirectory: string, path: string, refused: (why: string) => HookError): string[] {
  let directory: Directory | undefined
  let file: number | undefined
  try {
    const names = relative(workDirectory, dirname(path))
      .split('/')
      .filter(part => part !== '')
    directory = Directory.reach(workDirectory, names)
    file = openSync(directory.at(basename(path)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    const { size } = fstatSync(file)
    if (!fstatSync(file).isFile() || size > MAX_BYTES) throw new Error('it is no plain file of at most 1 MiB')
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
  } catch (error) {
    throw refused(messageOf(error))
  } finally {
    if (file !== undefined) closeSync(file)
    directory?.close()
  }
}
