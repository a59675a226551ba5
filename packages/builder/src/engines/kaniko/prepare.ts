import { closeSync, readSync } from 'node:fs'
import type { Context, ContextEntry } from '../../context/context.js'
import { openInside } from '../../context/inside.js'
import { applyChanges, type Change, changeOf } from './changes.js'
import { followNamedLinks, judgePatterns } from './named-links.js'
import { platformArguments } from './platform-arguments.js'
import { type Instruction, parseDockerfile } from '../../dockerfile/parse.js'
import { inCapitals, withoutOverruledCommands } from './entry-points.js'
import { rewriteHeredocs } from './heredocs.js'
import { rewriteLabels } from './labels.js'
import { judgePlaces } from './places.js'
import { rewriteWords } from './words.js'
import { withBackslash } from '../../dockerfile/escape.js'
import { type ContextCopy, contextCopies, isPattern, namedBy } from '../../dockerfile/sources.js'
import { fromOf, readStages, type Stage, usedStages } from '../../dockerfile/stages.js'
import { findIgnored } from './ignored.js'
import { finding, findUnsupported, type KanikoFork } from './unsupported.js'
import type { Finding, Platform, Prepared } from '../engine.js'
import { laterVolumes } from './volumes.js'

/**
 * Compiles a context for a fork of Kaniko, asking nobody: the Dockerfile is read, its stages are found, and what the fork gets
 * wrong is written in another way, found to be wrong, or warned of. The Dockerfile's lines keep their numbers.
 *
 * @param given the user's own build arguments
 */
export function prepare(
  context: Context,
  fork: KanikoFork,
  platform: Platform,
  given: Readonly<Record<string, string>>
): Prepared {
  const authorText = context.dockerfileText
  const refused = (findings: readonly Finding[]): Prepared => ({ context, buildArgs: given, findings })
  const tooLong = tooMany(parseDockerfile(authorText))
  if (tooLong !== undefined) return refused([tooLong])
  const dockerfileText = withBackslash(authorText)
  if (typeof dockerfileText !== 'string') return refused([finding(dockerfileText, BACKSLASH)])
  const ready = platformArguments(builtInstructions(dockerfileText, given), platform, fork, given)
  const buildArgs = { ...ready.values, ...given }
  const stages = readStages(dockerfileText, buildArgs)
  const excess = tooMany(stages.flatMap(({ steps }) => steps.map(({ instruction }) => instruction)))
  if (excess !== undefined) return refused([excess])
  const used = usedStages(stages)
  const copies = used.flatMap(contextCopies)
  const excessive = tooManyPatterns(authorText, copies, context.entries)
  if (excessive !== undefined) return refused([excessive])
  const links = followNamedLinks(context, copies, fork)
  const volumes = laterVolumes(dockerfileText, stages, used)
  const heredocs = rewriteHeredocs(used, stages, fork)
  const labels = rewriteLabels(used, fork)
  const words = rewriteWords(used)
  const changes = [
    // The osscontainertools fork leaves them out by itself.
    ...(fork === 'osscontainertools' ? [] : withoutUnused(stages, used)),
    ...volumes.changes,
    ...inCapitals(used),
    ...heredocs.changes,
    ...labels.changes,
    ...words.changes,
    ...withoutOverruledCommands(used, stages, fork),
    // Last, as it takes the place of what was changed in the same line.
    ...withoutEmptyCopies(copies, links.entries)
  ]
  const found = [...findIgnored(used, stages, fork, buildArgs), ...labels.warnings, ...words.warnings]
  // What an ONBUILD does is found once for each stage that builds on its own.
  const warnings = [...context.warnings, ...new Set(found)]
  const text = volumes.appended(applyChanges(dockerfileText, changes))
  const sent = {
    ...context,
    entries: links.entries,
    ...(heredocs.inlineFiles.length === 0 ? {} : { inlineFiles: heredocs.inlineFiles }),
    warnings,
    dockerfileText: text,
    ...(text === authorText ? {} : { authorText })
  }
  return {
    context: sent,
    buildArgs,
    findings: [
      ...ready.findings,
      ...findUnsupported(used, stages, fork, platform),
      ...links.findings,
      ...volumes.findings,
      ...heredocs.findings,
      ...words.findings,
      ...judgePatterns(copies, context.entries),
      ...judgePlaces(copies, links.entries, fork),
      ...judgeArchives(sent, copies),
      ...judgeBytes(context, text)
    ]
      .filter(({ line, problem }, at, all) => {
        return all.findIndex(other => other.line === line && other.problem === problem) === at
      })
      .sort((a, b) => a.line - b.line)
  }
}

const BACKSLASH = {
  problem: 'with another # escape= the line ends in a backslash, which Kaniko takes for its continuation',
  advice: 'Write the Dockerfile without that directive.'
}

/** What stands before the first stage, and the stages that are built as far as that can be told without the platform. */
function builtInstructions(text: string, given: Readonly<Record<string, string>>): readonly Instruction[] {
  const instructions = parseDockerfile(text)
  const stages = readStages(text, given)
  const first = stages[0]?.steps[0]?.instruction.line ?? Infinity
  const lines = new Set(usedStages(stages).flatMap(({ steps }) => steps.map(({ instruction }) => instruction.line)))
  return instructions.filter(({ line }) => line < first || lines.has(line))
}

/** Nobody writes as many, and rules look from each instruction at others. */
const MOST_INSTRUCTIONS = 2000

function tooMany(instructions: readonly Instruction[]): Finding | undefined {
  const instruction = instructions[MOST_INSTRUCTIONS]
  if (instruction === undefined) return undefined
  return finding(instruction, {
    problem: `it is one of more than ${MOST_INSTRUCTIONS} instructions, which are not looked at`,
    advice: 'Join some of them.'
  })
}

/** Patterns times files, and patterns in variables: more would take minutes. */
const MOST_MATCHES = 5_000_000
const MOST_CUTS = 1000

function tooManyPatterns(
  text: string,
  copies: readonly ContextCopy[],
  entries: readonly ContextEntry[]
): Finding | undefined {
  const cuts = text.match(/\$\{\w+[#%/]/g)?.length ?? 0
  let matches = 0
  const longest = copies.find(({ sources }) => {
    matches += sources.filter(isPattern).length * Math.max(entries.length, 1)
    return matches > MOST_MATCHES
  })
  const instruction = longest?.instruction ?? (cuts > MOST_CUTS ? parseDockerfile(text)[0] : undefined)
  if (instruction === undefined) return undefined
  return finding(instruction, { problem: 'there are more patterns than are looked at', advice: 'Use fewer of them.' })
}

/** COPY of patterns that match nothing: Kaniko would copy files of its own, and its whole root. */
function withoutEmptyCopies(copies: readonly ContextCopy[], entries: readonly ContextEntry[]): readonly Change[] {
  return copies
    .filter(({ sources, isComplete }) => {
      const isNothing = (source: string): boolean => isPattern(source) && namedBy(source, entries).length === 0
      return isComplete && sources.length > 0 && sources.every(isNothing)
    })
    .map(({ instruction }) => changeOf(instruction))
}

/**
 * Unused stages that the other forks would build, or would leave out together with used ones: empty, where a number counts
 * them.
 */
function withoutUnused(stages: readonly Stage[], used: readonly Stage[]): readonly Change[] {
  const isCounted = used.some(({ steps }) =>
    steps.some(({ instruction }) => fromOf(instruction).some(from => /^\d+$/.test(from)))
  )
  return stages
    .filter(stage => !used.includes(stage))
    .map(({ name, steps }) => {
      const own = steps.filter(({ instruction }) => instruction.isTrigger !== true)
      return {
        firstLine: own[0]?.instruction.line ?? 0,
        lastLine: own.at(-1)?.instruction.lastLine ?? 0,
        text: isCounted ? `FROM scratch${name === undefined ? '' : ` AS ${name}`}` : ''
      }
    })
}

/** Who rewrites a text that is not UTF-8 would change its other bytes. */
function judgeBytes({ dockerfileBytes, dockerfileText }: Context, text: string): readonly Finding[] {
  if (dockerfileBytes === undefined || text === dockerfileText) return []
  const lines = dockerfileText.split('\n')
  const at = lines.findIndex(line => line.includes('\uFFFD'))
  return [
    {
      line: at + 1,
      instruction: (lines[at] ?? '').trim().slice(0, 200),
      problem: 'the line is not UTF-8, and the Dockerfile has to be rewritten for Kaniko',
      advice: 'Save the Dockerfile as UTF-8.'
    }
  ]
}

/** How archives begin that Docker unpacks and Kaniko cannot. */
const ARCHIVES = [
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) },
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) }
] as const

function judgeArchives(context: Context, copies: readonly ContextCopy[]): readonly Finding[] {
  return copies.flatMap(({ instruction, sources }) => {
    if (instruction.keyword !== 'ADD') return []
    const files = sources.flatMap(source => namedBy(source, context.entries))
    const found = files.flatMap(entry => {
      const name = entry.kind === 'file' ? compressionOf(context.directory, entry) : undefined
      return name === undefined ? [] : [{ path: entry.path, name }]
    })
    return found.map(({ path, name }) =>
      finding(instruction, {
        problem: `Kaniko cannot unpack ${name}, as which ${path} is compressed, and fails`,
        advice: 'COPY it and unpack it in a RUN, or compress it by gzip.'
      })
    )
  })
}

function compressionOf(
  root: string,
  { path, source = path }: Extract<ContextEntry, { kind: 'file' }>
): string | undefined {
  const start = Buffer.alloc(6)
  try {
    const file = openInside(root, source, 'file')
    try {
      readSync(file, start, 0, start.length, 0)
    } finally {
      closeSync(file)
    }
  } catch {
    // Whoever sends it says so.
    return undefined
  }
  return ARCHIVES.find(({ magic }) => start.subarray(0, magic.length).equals(magic))?.name
}
