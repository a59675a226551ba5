import { parseDockerfile, wordsOf } from '../../dockerfile/parse.js'
import { type Change, changeOf } from './changes.js'
import { lineage, type Stage, type Step } from '../../dockerfile/stages.js'
import { finding } from './unsupported.js'
import { escaped } from './words.js'
import type { Finding } from '../engine.js'
import { resolve } from '../../dockerfile/expand.js'

/** As many as somebody reads. */
const MOST_FINDINGS = 20

/**
 * Puts VOLUME behind all that runs. In BuildKit it is a note in the image's configuration; Kaniko loses what a later RUN
 * writes below it, and keeps one list of such paths for all stages (pkg/commands/volume.go). Only the last stage has a
 * configuration that counts.
 *
 * @returns the changes, what to append to the changed text, and each RUN that names a volume whose path only the builder
 *   knows
 */
export function laterVolumes(
  dockerfileText: string,
  stages: readonly Stage[],
  used: readonly Stage[]
): {
  readonly changes: readonly Change[]
  readonly appended: (text: string) => string
  readonly findings: readonly Finding[]
} {
  const nothing = { changes: [], appended: (text: string) => text, findings: [] }
  const last = used.at(-1)
  const volumes = used.flatMap(stage =>
    stage.steps
      .filter(({ instruction }) => instruction.keyword === 'VOLUME')
      .map(step => ({ step, stage, paths: pathsOf(step), runs: runsAfter(step, used) }))
      .filter(({ runs }) => runs.length > 0)
  )
  if (volumes.length === 0 || last === undefined) return nothing
  const findings = volumes.slice(0, MOST_FINDINGS).flatMap(({ step, paths, runs }) => {
    const words = paths === undefined ? wordsOf(step.instruction).filter(word => word.includes('$')) : []
    return runs
      .filter(({ instruction: { text } }) => words.some(word => text.includes(word)))
      .map(({ instruction }) => {
        return finding(instruction, {
          problem: `Kaniko loses what a RUN writes below the VOLUME of line ${step.instruction.line}`,
          advice: 'Write the VOLUME after the last RUN.'
        })
      })
  })
  const movable = volumes.filter(({ paths }) => paths !== undefined)
  const kept = lineage(last, stages)
  const paths = new Set(movable.filter(({ stage }) => kept.includes(stage)).flatMap(volume => volume.paths ?? []))
  const instruction = paths.size === 0 ? undefined : `VOLUME ${JSON.stringify([...paths].map(escaped))}`
  const appended = (text: string): string =>
    instruction === undefined ? text : `${text}${text.endsWith('\n') ? '' : '\n'}${instruction}\n`
  // A text that ends in mid-instruction would swallow it.
  if (instruction !== undefined && parseDockerfile(appended(dockerfileText)).at(-1)?.text !== instruction)
    return nothing
  const changes = movable.map(({ step }) => changeOf(step.instruction))
  return { changes, appended, findings: findings.slice(0, MOST_FINDINGS) }
}

function pathsOf(step: Step): readonly string[] | undefined {
  const paths = wordsOf(step.instruction).map(word => resolve(word, step.variables, step.instruction.escape))
  const known = paths.filter(path => path !== undefined)
  return known.length === paths.length ? known : undefined
}

function runsAfter(step: Step, used: readonly Stage[]): readonly Step[] {
  const steps = used.flatMap(stage => stage.steps)
  return steps.slice(steps.indexOf(step)).filter(({ instruction }) => instruction.keyword === 'RUN')
}
