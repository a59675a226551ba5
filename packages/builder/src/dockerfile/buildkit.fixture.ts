import { resolve } from './expand.js'
import { type Heredoc, readHeredoc } from './heredoc.js'
import { type Instruction, parseDockerfile } from './parse.js'
import { readStages } from './stages.js'
import { argumentsOf } from './variables.js'

/** How BuildKit reads a Dockerfile, as far as it is also read here. */
export interface Reading {
  readonly instructions: readonly ReadInstruction[]
  /** None when BuildKit's second step refuses them. */
  readonly stages?: readonly ReadStage[]
}

export interface ReadInstruction extends ReadCommand {
  readonly line: number
  readonly lastLine: number
  readonly heredocs: readonly Heredoc[]
  readonly trigger?: ReadCommand
}

export interface ReadCommand extends Pick<Instruction, 'keyword' | 'flags' | 'text' | 'isExec'> {
  /** None of instructions whose words are not cut here. */
  readonly words?: readonly string[]
}

export interface ReadStage {
  /** In small letters; empty when it has none. */
  readonly name: string
  /** The index of a stage, or the name of an image; null when that cannot be told. */
  readonly base: number | string | null
  /**
   * The words of each ADD, COPY, VOLUME and WORKDIR without what begins a here-document, with the variables filled in as if
   * the base image had none; null where that cannot be told.
   */
  readonly steps: readonly (readonly (string | null)[])[]
}

const OTHERS = ['ARG', 'ENV', 'HEALTHCHECK', 'LABEL', 'ONBUILD']

const LISTS = new Set(['ADD', 'COPY', 'EXPOSE', 'FROM', 'VOLUME'])

const WHOLE = new Set(['CMD', 'ENTRYPOINT', 'MAINTAINER', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'WORKDIR'])

const KEYWORDS = new Set([...LISTS, ...WHOLE, ...OTHERS])

const WITH_SOURCES = new Set(['ADD', 'COPY'])

/** Those whose words have variables that are filled in here. */
const FILLED_IN = new Set(['ADD', 'COPY', 'VOLUME', 'WORKDIR'])

/** Reads a Dockerfile by the parser of this package. */
export function read(text: string): Required<Reading> {
  const instructions = parseDockerfile(text).map(instruction => {
    const { line, lastLine, heredocs, trigger } = instruction
    const own = { ...command(instruction), line, lastLine, heredocs }
    return trigger === undefined ? own : { ...own, trigger: command(trigger) }
  })
  const stages = readStages(text).map(({ name, base, steps }) => ({
    name: name?.toLowerCase() ?? '',
    base: base ?? null,
    steps: steps
      .filter(({ instruction }) => FILLED_IN.has(instruction.keyword) && instruction.isTrigger !== true)
      .map(({ instruction, variables }) =>
        (wordsOf(instruction) ?? [])
          .filter(word => !WITH_SOURCES.has(instruction.keyword) || readHeredoc(word) === undefined)
          .map(word => resolve(word, variables, instruction.escape) ?? null)
      )
  }))
  return { instructions, stages }
}

function command(instruction: Instruction): ReadCommand {
  const { flags, text, isExec } = instruction
  // What is no instruction is no instruction in any case.
  const keyword = KEYWORDS.has(instruction.keyword) ? instruction.keyword : ''
  const words = wordsOf(instruction)
  return { keyword, flags, text, isExec, ...(words === undefined ? {} : { words }) }
}

function wordsOf(instruction: Instruction): readonly string[] | undefined {
  const { keyword, args, isExec } = instruction
  if (isExec) return JSON.parse(args) as string[]
  if (LISTS.has(keyword)) return args === '' ? [] : args.split(/[\t\v\f\r ]+/)
  if (WHOLE.has(keyword)) return args === '' ? [] : [args]
  if (keyword !== 'ARG') return undefined
  return argumentsOf(instruction).map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))
}
