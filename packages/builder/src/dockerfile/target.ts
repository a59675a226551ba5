import { BuildError } from '../errors.js'
import { readStages, type Stage } from './stages.js'

/**
 * How many lines of a Dockerfile come to the end of a stage. What follows is no part of it: a stage knows only those before
 * it. A Dockerfile that ends there builds the stage, and keeps its lines' numbers.
 *
 * @param target a stage's name, in which case does not count and the last of equal ones is meant, or its number from 0
 * @returns undefined for the last stage: all lines
 * @throws BuildError `REQUEST_REFUSED` when there is no such stage
 */
export function linesToStage(dockerfileText: string, target: string): number | undefined {
  const stages = readStages(dockerfileText)
  const next = stages[stageNamed(stages, target).index + 1]
  const line = next?.steps[0]?.instruction.line
  return line === undefined ? undefined : line - 1
}

function stageNamed(stages: readonly Stage[], target: string): Stage {
  const byName = stages.findLast(({ name }) => name?.toLowerCase() === target.toLowerCase())
  const found = byName ?? (/^\d{1,4}$/.test(target) ? stages[Number(target)] : undefined)
  if (found !== undefined) return found
  const names = stages.flatMap(({ name }) => name ?? []).join(', ')
  const others = names === '' ? 'none of its stages has a name' : `it has ${names}`
  throw new BuildError('REQUEST_REFUSED', `the Dockerfile has no stage ${JSON.stringify(target)}: ${others}`)
}
