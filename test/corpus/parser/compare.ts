import { isDeepStrictEqual } from 'node:util'

import type { Log } from '../../harness/cluster/progress.js'
import { type Reading, read } from '../../../packages/builder/src/dockerfile/buildkit.fixture.js'
import { readAsBuildKit } from './buildkit.js'

/** What differs first between two readings of a Dockerfile. */
interface Difference {
  readonly text: string
  readonly theirs: unknown
  readonly ours: unknown
}

/**
 * Compares BuildKit's reading of Dockerfiles with ours. What BuildKit refuses is read here too, and must be no more than
 * read.
 *
 * @returns the differences, that of the shortest text first
 */
export async function findDifferences(
  texts: readonly string[],
  log: Log
): Promise<{ readonly count: number; readonly accepted: number; readonly differences: readonly Difference[] }> {
  const all = [...new Set(texts)]
  const readings = await readAsBuildKit(all, log)
  const differences = all.flatMap((text, at) => differenceOf(text, readings[at]) ?? [])
  differences.sort((one, other) => one.text.length - other.text.length)
  return { count: all.length, accepted: readings.filter(reading => reading !== undefined).length, differences }
}

function differenceOf(text: string, theirs: Reading | undefined): Difference | undefined {
  let ours: Reading
  try {
    ours = read(text)
  } catch (error) {
    return { text, theirs, ours: String(error) }
  }
  if (theirs === undefined) return undefined
  const count = Math.max(theirs.instructions.length, ours.instructions.length)
  for (let at = 0; at < count; at++) {
    const pair = { theirs: theirs.instructions[at], ours: ours.instructions[at] }
    if (!isDeepStrictEqual(pair.theirs, pair.ours)) return { text, ...pair }
  }
  for (const [at, stage] of (theirs.stages ?? []).entries()) {
    const own = ours.stages?.[at]
    if (stage.base === null) continue
    const known = {
      ...stage,
      // What is not known here cannot be wrong.
      base: own?.base === null ? null : stage.base,
      steps: stage.steps.map((words, step) =>
        words.map((word, place) => (own?.steps[step]?.[place] === null ? null : word))
      )
    }
    if (!isDeepStrictEqual(known, own)) return { text, theirs: stage, ours: own }
  }
  return undefined
}
