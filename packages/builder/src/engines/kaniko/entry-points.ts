import { lineage, type Stage } from '../../dockerfile/stages.js'
import { type Change, changeOf } from './changes.js'
import type { KanikoFork } from './unsupported.js'

/** Kaniko takes the CMD of the base image away for an ENTRYPOINT in capitals alone, and lets an own CMD stay only so. */
export function inCapitals(used: readonly Stage[]): readonly Change[] {
  return used
    .flatMap(({ steps }) => steps)
    .filter(({ instruction: { keyword, text } }) => {
      return ['CMD', 'ENTRYPOINT'].includes(keyword) && !text.startsWith(keyword)
    })
    .map(({ instruction }) =>
      changeOf(instruction, instruction.keyword + instruction.text.slice(instruction.keyword.length))
    )
}

/**
 * An ENTRYPOINT takes away the CMD of the stages on which its own builds. The osscontainertools fork makes one stage of
 * them, in which the CMD then stays; it is left out instead. No RUN depends on it.
 */
export function withoutOverruledCommands(
  used: readonly Stage[],
  stages: readonly Stage[],
  fork: KanikoFork
): readonly Change[] {
  const last = used.at(-1)
  if (last === undefined || fork !== 'osscontainertools') return []
  const line = lineage(last, stages)
  const has = ({ steps }: Stage, keyword: string): boolean =>
    steps.some(({ instruction }) => instruction.keyword === keyword)
  const overruling = line.findIndex(stage => has(stage, 'ENTRYPOINT') && !has(stage, 'CMD'))
  if (overruling === -1) return []
  return line
    .slice(overruling + 1)
    .flatMap(({ steps }) =>
      steps.filter(({ instruction }) => instruction.keyword === 'CMD').map(({ instruction }) => changeOf(instruction))
    )
}
