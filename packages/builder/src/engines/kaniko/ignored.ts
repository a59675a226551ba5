import { argumentsOf, pairsOf } from '../../dockerfile/variables.js'
import { type Instruction, wordsOf } from '../../dockerfile/parse.js'
import { OPEN_TO_ALL, withoutSlashes } from './places.js'
import { fromOf, lineage, type Stage } from '../../dockerfile/stages.js'
import type { KanikoFork } from './unsupported.js'

/**
 * Sentences about what Kaniko does otherwise than Docker, where the image may be right all the same: each with its line.
 *
 * @param used the stages that are built
 * @param buildArgs all that Kaniko is given
 */
export function findIgnored(
  used: readonly Stage[],
  stages: readonly Stage[],
  fork: KanikoFork,
  buildArgs: Readonly<Record<string, string>>
): readonly string[] {
  const older =
    fork === 'osscontainertools'
      ? []
      : used.flatMap(stage => [
          ...findGroups(stage, stages),
          ...findArguments(stage, buildArgs),
          ...stage.steps.flatMap(({ instruction }) => findChangedModes(instruction))
        ])
  const found = used.flatMap(stage => [
    ...stage.steps.flatMap(({ instruction }) => ignoredIn(instruction)),
    ...findDirectories(stage)
  ])
  return [...found, ...older].sort((a, b) => a.line - b.line).map(({ line, words }) => `line ${line}: ${words}`)
}

/** A pattern in a directory that is a symbolic link in today's distributions. */
const BELOW_A_LINK = /^\/?(?:bin|sbin|lib|lib32|lib64|libx32|var\/run|var\/lock)\/.*[*?[]/

interface Ignored {
  readonly line: number
  readonly words: string
}

function ignoredIn(instruction: Instruction): readonly Ignored[] {
  const { keyword, flags, line } = instruction
  if (keyword === 'RUN' && flags.includes('--network=none')) {
    return [{ line, words: 'Kaniko ignores RUN --network=none, and the command has the network' }]
  }
  if (keyword === 'HEALTHCHECK' && flags.some(flag => flag.startsWith('--start-interval'))) {
    return [{ line, words: 'Kaniko leaves HEALTHCHECK --start-interval out of the image' }]
  }
  const sources = wordsOf(instruction).slice(0, -1)
  if (keyword === 'COPY' && fromOf(instruction).length > 0 && sources.some(source => BELOW_A_LINK.test(source))) {
    return [
      { line, words: 'Kaniko finds nothing by a pattern of COPY --from= below a symbolic link, such as /bin of Debian' }
    ]
  }
  return []
}

/** Whether a path of another stage is a directory, only the builder knows. */
function findChangedModes(instruction: Instruction): readonly Ignored[] {
  if (instruction.keyword !== 'COPY' || fromOf(instruction).length === 0) return []
  const place = withoutSlashes(wordsOf(instruction).at(-1) ?? '')
  if (!OPEN_TO_ALL.includes(place)) return []
  return [{ line: instruction.line, words: `where a directory is copied, Kaniko gives ${place} the mode of that one` }]
}

/** Kaniko does not look at a base image from which no instruction needs a file. */
function findDirectories({ steps }: Stage): readonly Ignored[] {
  const of = (...keywords: readonly string[]): Instruction | undefined =>
    steps.find(({ instruction }) => keywords.includes(instruction.keyword))?.instruction
  const directory = of('WORKDIR')
  if (directory === undefined || of('RUN', 'COPY', 'ADD') !== undefined) return []
  const { line } = directory
  return [
    {
      line,
      words:
        'Kaniko makes the directory anew, as of root, also where the base image has it: no RUN, COPY or ADD is in the stage'
    }
  ]
}

/** A RUN after `USER name:group` has the groups of the user: its files belong to another group than on Docker. */
function findGroups(stage: Stage, stages: readonly Stage[]): readonly Ignored[] {
  // The nearest stage first, and of each its last USER.
  const ofBases = lineage(stage, stages)
    .slice(1)
    .flatMap(({ steps }) => steps.toReversed())
  const user = ofBases.find(({ instruction }) => instruction.keyword === 'USER')
  let isGrouped = user !== undefined && hasOtherGroup(user.instruction.args)
  return stage.steps.flatMap(({ instruction: { keyword, args, line } }) => {
    if (keyword === 'USER') isGrouped = hasOtherGroup(args)
    if (keyword !== 'RUN' || !isGrouped) return []
    return [{ line, words: 'Kaniko runs the command with the groups of the user, without the group that USER names' }]
  })
}

/** Root has its own group, and a number too. */
function hasOtherGroup(user: string): boolean {
  const [name, group] = user.split(':')
  return (
    group !== undefined && name !== group && !(name === '0' && group === 'root') && !(name === 'root' && group === '0')
  )
}

/** In Docker an ARG counts more than an ENV of the same name before it. */
function findArguments({ steps }: Stage, buildArgs: Readonly<Record<string, string>>): readonly Ignored[] {
  const set = new Set<string>()
  return steps.flatMap(({ instruction }) => {
    const { keyword, line } = instruction
    if (keyword === 'ENV') for (const [name] of pairsOf(instruction)) set.add(name)
    if (keyword !== 'ARG') return []
    return argumentsOf(instruction)
      .filter(({ name, value }) => set.has(name) && (value ?? buildArgs[name]) !== undefined)
      .map(({ name }) => ({ line, words: `Kaniko takes the value of ENV ${name} and not that of this ARG` }))
  })
}
