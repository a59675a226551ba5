import { type Instruction, parseDockerfile } from './parse.js'
import { expand, type Variables } from './expand.js'
import { readArguments, variablesAfter } from './variables.js'

/** One stage of a Dockerfile. */
export interface Stage {
  /** From 0, as `--from=0` counts. */
  readonly index: number
  /** As written; names are compared without case. */
  readonly name: string | undefined
  /** The stage that it builds on, or the name of an image; undefined when only the builder can tell. */
  readonly base: number | string | undefined
  /** `FROM` first, in order, with what is known where each of them begins. */
  readonly steps: readonly Step[]
}

export interface Step {
  readonly instruction: Instruction
  readonly variables: Variables
}

/** The stages of a Dockerfile, by BuildKit's rules (frontend/dockerfile/instructions, `HasStage`: the last one counts). */
export function readStages(dockerfileText: string, buildArgs: Readonly<Record<string, string>> = {}): readonly Stage[] {
  const given = new Map(Object.entries(buildArgs).filter(([, value]) => value !== ''))
  const globals = new Map(given)
  const stages: (Stage & { readonly steps: Step[] })[] = []
  let variables: Variables = new Map()
  const ends: Variables[] = []
  for (const instruction of parseDockerfile(dockerfileText)) {
    const stage = stages.at(-1)
    if (instruction.keyword === 'FROM') {
      if (stage !== undefined) ends[stage.index] = variables
      const next = begin(instruction, stages, globals)
      variables = typeof next.base === 'number' ? withoutArguments(ends[next.base], stages[next.base]) : new Map()
      stages.push({ ...next, steps: [{ instruction, variables: globals }] })
    } else if (stage === undefined) {
      if (instruction.keyword === 'ARG') readArguments(instruction, given, globals)
    } else {
      stage.steps.push({ instruction, variables })
      variables = variablesAfter(instruction, variables, given, globals)
    }
  }
  return stages
}

function begin({ args }: Instruction, stages: readonly Stage[], globals: Variables): Omit<Stage, 'steps'> {
  const [from = '', as, name] = args.split(/\s+/)
  const reference = expand(from, globals)
  // Before the first stage there is nothing that only the base image knows.
  const isKnown = reference !== '' && !reference.includes('$')
  return {
    index: stages.length,
    name: as?.toLowerCase() === 'as' ? name : undefined,
    base: isKnown ? (findStage(reference, stages)?.index ?? reference) : undefined
  }
}

/** Environments are inherited, arguments are not. */
function withoutArguments(variables: Variables = new Map(), stage: Stage | undefined): Variables {
  const set = new Set(
    stage?.steps.flatMap(({ instruction: { keyword, args } }) => {
      return keyword === 'ARG' ? (args.match(/[A-Za-z_]\w*(?==|\s|$)/g) ?? []) : []
    })
  )
  return new Map([...variables].filter(([name]) => !set.has(name)))
}

function findStage(name: string, stages: readonly Stage[]): Stage | undefined {
  return stages.findLast(stage => stage.name?.toLowerCase() === name.toLowerCase())
}

/** The stage and those that it builds on, the last one first. */
export function lineage(stage: Stage, stages: readonly Stage[]): readonly Stage[] {
  const base = typeof stage.base === 'number' ? stages[stage.base] : undefined
  return base === undefined ? [stage] : [stage, ...lineage(base, stages)]
}

/** From which stage or image an instruction takes files, as written. */
export function fromOf({ keyword, flags, trigger }: Instruction): readonly string[] {
  const own = flags.flatMap(flag => {
    if (keyword === 'RUN') return /^--mount=(?:.*,)?from=([^,]*)/.exec(flag)?.[1] ?? []
    return keyword === 'COPY' ? (/^--from=(.*)$/.exec(flag)?.[1] ?? []) : []
  })
  return trigger === undefined ? own : [...own, ...fromOf(trigger)]
}

/** The stage that `--from=` of a stage means, if it means one. */
export function stageOf(from: string, stage: Stage, stages: readonly Stage[]): Stage | undefined {
  const earlier = stages.slice(0, stage.index)
  return findStage(from, earlier) ?? (/^\d+$/.test(from) ? earlier[Number(from)] : undefined)
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
    const needed = [...lineage(stage, stages), ...froms.flatMap(from => stageOf(from, own, stages) ?? [])]
    ahead.push(...needed)
  }
  return stages.filter(stage => used.has(stage))
}
