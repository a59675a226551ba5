import { type Instruction, parseDockerfile } from './parse.js'
import { expand, type Variables } from './expand.js'
import { splitList } from './shell.js'
import { readArguments, variablesAfter } from './variables.js'

/** One stage of a Dockerfile. */
export interface Stage {
  /** From 0, as `--from=0` counts. */
  readonly index: number
  /** As written; names are compared without case. */
  readonly name: string | undefined
  /** The stage that it builds on, or the name of an image; undefined when only the builder can tell. */
  readonly base: number | string | undefined
  /**
   * `FROM` first, then the triggers of the stage that it builds on, then its own instructions, with what is known where each
   * of them begins.
   */
  readonly steps: readonly Step[]
}

export interface Step {
  readonly instruction: Instruction
  readonly variables: Variables
}

/** Each of many stages may have the many triggers of another one. */
const MOST_TRIGGERS = 4000

/** The stages of a Dockerfile, by BuildKit's rules (frontend/dockerfile/instructions, `HasStage`: the last one counts). */
export function readStages(dockerfileText: string, buildArgs: Readonly<Record<string, string>> = {}): readonly Stage[] {
  const given = new Map(Object.entries(buildArgs).filter(([, value]) => value !== ''))
  const globals = new Map(given)
  const stages: (Stage & { readonly steps: Step[] })[] = []
  let variables: Variables = new Map()
  const ends: Variables[] = []
  const named = new Map<string, number>()
  let triggerCount = 0
  for (const instruction of parseDockerfile(dockerfileText)) {
    const stage = stages.at(-1)
    if (instruction.keyword === 'FROM') {
      if (stage !== undefined) ends[stage.index] = variables
      const next = begin(instruction, stages.length, named, globals)
      // Arguments are inherited, too.
      variables = (typeof next.base === 'number' ? ends[next.base] : undefined) ?? new Map()
      const steps: Step[] = [{ instruction, variables: globals }]
      for (const trigger of triggersOf(next, stages)) {
        if (++triggerCount > MOST_TRIGGERS) break
        steps.push({ instruction: trigger, variables })
        variables = variablesAfter(trigger, variables, given, globals)
      }
      stages.push({ ...next, steps })
      if (next.name !== undefined) named.set(next.name.toLowerCase(), next.index)
    } else if (stage === undefined) {
      if (instruction.keyword === 'ARG') readArguments(instruction, given, globals)
    } else {
      stage.steps.push({ instruction, variables })
      variables = variablesAfter(instruction, variables, given, globals)
    }
  }
  return stages
}

function begin(
  { args, escape }: Instruction,
  index: number,
  named: ReadonlyMap<string, number>,
  globals: Variables
): Omit<Stage, 'steps'> {
  const [from = '', as, name] = splitList(args)
  const reference = expand(from, globals, escape)
  // Before the first stage there is nothing that only the base image knows.
  const isKnown = reference !== '' && !reference.includes('$')
  return {
    index,
    name: as?.toLowerCase() === 'as' ? name : undefined,
    base: isKnown ? (named.get(reference.toLowerCase()) ?? reference) : undefined
  }
}

/** Not those of the stages below that one: triggers are not inherited. */
function triggersOf(stage: Omit<Stage, 'steps'>, stages: readonly Stage[]): readonly Instruction[] {
  return baseOf(stage, stages)?.steps.flatMap(({ instruction }) => instruction.trigger ?? []) ?? []
}

function findStage(name: string, stages: readonly Stage[]): Stage | undefined {
  return stages.findLast(stage => stage.name?.toLowerCase() === name.toLowerCase())
}

/** The stage and those that it builds on, the last one first. */
export function lineage(stage: Stage, stages: readonly Stage[]): readonly Stage[] {
  const line = [stage]
  for (let next = baseOf(stage, stages); next !== undefined; next = baseOf(next, stages)) line.push(next)
  return line
}

function baseOf({ base }: Pick<Stage, 'base'>, stages: readonly Stage[]): Stage | undefined {
  return typeof base === 'number' ? stages[base] : undefined
}

/** From which stage or image an instruction takes files, as written. */
export function fromOf({ keyword, flags, trigger }: Instruction): readonly string[] {
  const own = flags.flatMap(flag => {
    if (keyword === 'RUN') return /^--mount=(?:.*,)?from=([^,]*)/i.exec(flag)?.[1] ?? []
    return keyword === 'COPY' ? (/^--from=(.*)$/.exec(flag)?.[1] ?? []) : []
  })
  return trigger === undefined ? own : [...own, ...fromOf(trigger)]
}

/** The stage that `--from=` of a stage means, if it means one. */
export function stageOf(from: string, stage: Stage, stages: readonly Stage[]): Stage | undefined {
  const earlier = stages.slice(0, stage.index)
  return /^\+?\d+$/.test(from) ? earlier[Number(from)] : findStage(from, earlier)
}

/** The stages of which the last one is made, in order; all of them when that cannot be told here. */
export function usedStages(stages: readonly Stage[]): readonly Stage[] {
  const used = new Set<Stage>()
  const ahead = stages.slice(-1)
  for (let stage = ahead.pop(); stage !== undefined; stage = ahead.pop()) {
    if (used.has(stage)) continue
    used.add(stage)
    const froms = stage.steps.flatMap(({ instruction }) => fromOf(instruction))
    if (stage.base === undefined || froms.some(from => from.includes('$'))) return stages
    const own = stage
    ahead.push(...[baseOf(stage, stages) ?? [], froms.flatMap(from => stageOf(from, own, stages) ?? [])].flat())
  }
  return stages.filter(stage => used.has(stage))
}
