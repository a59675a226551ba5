import { type Instruction, parseDockerfile, wordsOf } from '../../dockerfile/parse.js'
import { applyChanges, type Change, changeOf } from './changes.js'
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
    const names = paths === undefined ? variablesIn(wordsOf(step.instruction).join(' ')) : new Set()
    return runs
      .filter(({ instruction }) => [...variablesIn(wholeText(instruction))].some(name => names.has(name)))
      .map(({ instruction }) => {
        return finding(instruction, {
          problem: `Kaniko loses what a RUN writes below the VOLUME of line ${step.instruction.line}`,
          advice: 'Write the VOLUME after the last RUN.'
        })
      })
  })
  const moved = new Set(volumes.filter(({ paths }) => paths !== undefined).map(({ step }) => step.instruction.line))
  const kept = lineage(last, stages).flatMap(({ steps }) => steps)
  // An ONBUILD is one line for all stages that build on its own, also for one in which nothing runs.
  const movedSteps = kept.filter(({ instruction }) => instruction.keyword === 'VOLUME' && moved.has(instruction.line))
  const paths = new Set(movedSteps.flatMap(step => pathsOf(step) ?? []))
  const instruction = paths.size === 0 ? undefined : `VOLUME ${JSON.stringify([...paths].map(escaped))}`
  const appended = (text: string): string =>
    instruction === undefined ? text : `${text}${text.endsWith('\n') ? '' : '\n'}${instruction}\n`
  // A text that ends in mid-instruction would swallow it.
  const isWhole = (text: string): boolean => parseDockerfile(appended(text)).at(-1)?.text === instruction
  const end = parseDockerfile(dockerfileText).at(-1)
  const closed = end === undefined || end.heredocs.length > 0 ? [] : [changeOf(end, end.text)]
  const closing = instruction === undefined || isWhole(dockerfileText) ? [] : closed
  if (instruction !== undefined && !isWhole(applyChanges(dockerfileText, closing))) return nothing
  const changes = volumes.filter(({ paths }) => paths !== undefined).map(({ step }) => changeOf(step.instruction))
  return { changes: [...closing, ...changes], appended, findings: findings.slice(0, MOST_FINDINGS) }
}

/** The names of the variables in a text. */
function variablesIn(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/\$\{?(\w+)/g), ([, name = '']) => name))
}

function wholeText({ text, heredocs }: Instruction): string {
  return [text, ...heredocs.map(({ body }) => body)].join('\n')
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
