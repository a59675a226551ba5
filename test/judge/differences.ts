import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { load } from 'js-yaml'

import type { Mode } from '../harness/runner-pod.js'
import type { Difference } from './compare.js'
import { CORPUS, DIFFERENCES } from './workflows.js'

/** A difference that is accepted: with its place, both values, and the reason. */
export interface Accepted extends Difference {
  readonly workflow: string
  readonly modes: readonly Mode[]
  readonly why: string
}

const KEYS = ['workflow', 'modes', 'where', 'docker', 'here', 'why']

/**
 * The accepted differences, in the order of the file.
 *
 * @throws Error when an entry lacks a key or has one that nobody reads
 */
export function readDifferences(file = join(CORPUS, DIFFERENCES)): Accepted[] {
  if (!existsSync(file)) return []
  const entries = (load(readFileSync(file, 'utf8')) ?? []) as Accepted[]
  for (const entry of entries) {
    const keys = Object.keys(entry)
    if (keys.length !== KEYS.length || !KEYS.every(key => keys.includes(key)))
      throw new Error(
        `${file}: an entry of ${entry.workflow} has the keys ${keys.join(', ')}; it has to have ${KEYS.join(', ')}.`
      )
  }
  return entries
}

/**
 * What is wrong with a comparison: a difference that is not accepted, or one that is and does not occur any more.
 *
 * @returns a sentence for each, with both values; none when everything is as it should be
 */
export function judge(
  workflow: string,
  mode: Mode,
  differences: readonly Difference[],
  accepted: readonly Accepted[]
): string[] {
  const mine = accepted.filter(entry => entry.workflow === workflow && entry.modes.includes(mode))
  const same = (left: Difference, right: Difference): boolean =>
    left.where === right.where && left.docker === right.docker.trimEnd() && left.here === right.here.trimEnd()
  const trimmed = differences.map(each => ({ ...each, docker: each.docker.trimEnd(), here: each.here.trimEnd() }))
  return [
    ...trimmed
      .filter(difference => !mine.some(entry => same(difference, entry)))
      .map(({ where, docker, here }) => `${where}\n  Docker: ${docker}\n  here:   ${here}`),
    ...mine
      .filter(entry => !trimmed.some(difference => same(difference, entry)))
      .map(({ where }) => `${where}: accepted in ${DIFFERENCES}, but does not occur any more`)
  ]
}
