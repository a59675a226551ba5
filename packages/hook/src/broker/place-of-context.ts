import { realpathSync } from 'node:fs'
import { posix } from 'node:path'

import { BuildError } from '@kaniko-hooks/builder'

import type { PathMap } from '../report/annotation-paths.js'
import { belowWork } from '../workspace/mounts.js'
import { isOfTheRunner } from '../workspace/tree/leaves-out.js'

/** What holds the runner's own things beside those of the job. */
const TOO_HIGH: ReadonlySet<string> = new Set(['', '_temp'])

/**
 * Where a path that a step names lies on the runner's disk. The path is text until then: whether links lead out of the tree is
 * looked at when it is read.
 *
 * @param what names the path in messages: `context`
 * @param path absolute, as the step sees it
 * @param paths directories of the step and of the runner; of several that fit, the longest counts
 * @throws BuildError REQUEST_REFUSED for a place that the step does not share with the runner
 */
export function placeOf(what: string, path: string, paths: PathMap): string {
  const plain = posix.normalize(path).replace(/(.)\/$/, '$1')
  const fitting = paths
    .filter(([target]) => plain === target || plain.startsWith(`${target}/`))
    .sort(([a], [b]) => b.length - a.length)
  const [found] = fitting
  if (found === undefined) {
    const shared = paths.map(([target]) => target).join(', ')
    throw new BuildError(
      'REQUEST_REFUSED',
      `${what}: ${path} is in no directory that the runner sees too: these are ${shared}`
    )
  }
  const [target, source] = found
  return posix.join(source, plain.slice(target.length))
}

/**
 * Refuses a Dockerfile that lies among the runner's own files, wherever links lead: an error would quote them.
 *
 * @throws BuildError REQUEST_REFUSED
 */
export function refuseRunnersDockerfile(dockerfile: string, workDirectory: string): void {
  const below = belowWork(realOr(workDirectory), realOr(dockerfile))
  if (below === undefined || !isOfTheRunner(below)) return
  throw new BuildError('REQUEST_REFUSED', 'dockerfile: it is a file of the runner’s own')
}

/**
 * Refuses a context in which the runner's own files lie.
 *
 * @param directory on the runner's disk
 * @throws BuildError REQUEST_REFUSED
 */
export function refuseRunnersOwn(directory: string, workDirectory: string): void {
  const below = belowWork(realOr(workDirectory), realOr(directory))
  // What lies elsewhere is refused where it is read.
  if (below === undefined || (!TOO_HIGH.has(below) && !isOfTheRunner(below))) return
  const why = 'the runner keeps files of its own there; use a directory that is for the build alone'
  throw new BuildError(
    'REQUEST_REFUSED',
    `context: ${below === '' ? 'the whole work directory' : below} cannot be one: ${why}`
  )
}

/** Where a path really is; the path itself when nothing is there. */
function realOr(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
