import { createHash } from 'node:crypto'
import type { InlineFile } from '../../context/context.js'
import { PACKED } from '../../context/pack.js'
import { contentOf, type Heredoc, readHeredoc } from '../../dockerfile/heredoc.js'
import { beforeArguments, type Instruction } from '../../dockerfile/parse.js'
import { isPattern } from '../../dockerfile/sources.js'
import { splitList } from '../../dockerfile/shell.js'
import { fromOf, lineage, type Stage, type Step } from '../../dockerfile/stages.js'
import { expandDocument, resolve } from '../../dockerfile/expand.js'
import type { Finding } from '../engine.js'
import { CONTEXT_TREE } from '../pod/parts.js'
import { type Change, changeOf } from './changes.js'
import { finding, type KanikoFork } from './unsupported.js'
import { withOwner } from './words.js'

/** Kaniko's parser takes no longer line (bufio.MaxScanTokenSize); the rest is for flags. */
const LONGEST_LINE = 60_000

/** What a file may be called whatever it is used for; other names are given away for one of these. */
const PLAIN_NAME = /^(?!\.\.?$)[\w.][\w.-]{0,99}$/

interface Rewritten {
  readonly changes: readonly Change[]
  readonly inlineFiles: readonly InlineFile[]
  readonly findings: readonly Finding[]
}

/** What becomes of one instruction. */
interface Written {
  readonly text: string
  readonly inlineFiles: readonly InlineFile[]
}

/**
 * Writes here-documents so that Kaniko understands them. The Google and Chainguard forks drop their texts; that of
 * osscontainertools runs those of RUN by a shell in a shell (pkg/commands/run.go), in which their variables are empty, and
 * understands those of COPY and ADD.
 *
 * @param used the stages that are built
 */
export function rewriteHeredocs(used: readonly Stage[], stages: readonly Stage[], fork: KanikoFork): Rewritten {
  const changes: Change[] = []
  const inlineFiles = new Map<string, InlineFile>()
  const findings: Finding[] = []
  for (const stage of used) {
    for (const step of stage.steps) {
      const { instruction } = step
      if (!instruction.heredocs.every(({ isEnded }) => isEnded) || instruction.heredocs.length === 0) continue
      // That is a note in the image's configuration, in which Kaniko keeps the text.
      if (instruction.trigger !== undefined) continue
      if (instruction.keyword !== 'RUN' && fork === 'osscontainertools') continue
      const written =
        instruction.keyword === 'RUN' ? writeRun(instruction, shellAt(step, stage, stages)) : writeCopy(step)
      if (typeof written === 'string') {
        findings.push(finding(instruction, unknownDocument(written)))
        continue
      }
      changes.push(changeOf(instruction, written.text))
      for (const file of written.inlineFiles) inlineFiles.set(file.path, file)
    }
  }
  return { changes, inlineFiles: [...inlineFiles.values()], findings }
}

function unknownDocument(why: string): Pick<Finding, 'problem' | 'advice'> {
  return {
    problem: `Kaniko drops here-documents of COPY and ADD, and this one cannot be sent as a file: ${why}`,
    advice:
      'Put the text into a file beside the Dockerfile and COPY it, or configure a Kaniko image of the osscontainertools fork.'
  }
}

/**
 * As BuildKit runs it (dockerfile2llb/convert.go, dispatchRun): a text alone is what the shell runs, or with `#!` a program
 * that it starts; with a command before or behind it, the shell reads both.
 *
 * @param shell the words of SHELL; undefined when only the base image knows
 */
function writeRun(instruction: Instruction, shell: readonly string[] | undefined): Written {
  const { args, heredocs } = instruction
  const before = beforeArguments(instruction)
  const [first] = heredocs
  const isAlone = first !== undefined && readHeredoc(args) !== undefined
  const content = isAlone ? contentOf(first) : [args, ...heredocs.map(({ body, name }) => body + name)].join('\n')
  const isProgram = isAlone && first.body.startsWith('#!')
  const words = shell === undefined || isProgram ? undefined : JSON.stringify([...shell, content])
  if (words !== undefined && Buffer.byteLength(before + words) < LONGEST_LINE)
    return { text: before + words, inlineFiles: [] }
  const file = inlineFile(first, content, isProgram ? 0o755 : 0o644)
  const path = `${CONTEXT_TREE}/${file.path}`
  const command = isProgram ? path : `. ${path}`
  // The shell form is run by the shell of the base image, whichever that is.
  return { text: before + (shell === undefined ? command : JSON.stringify([...shell, command])), inlineFiles: [file] }
}

/** SHELL of this stage or of one that it builds on, where it stands before. */
function shellAt(step: Step, stage: Stage, stages: readonly Stage[]): readonly string[] | undefined {
  const before = lineage(stage, stages).flatMap(({ index, steps }) =>
    (index === stage.index ? steps.slice(0, steps.indexOf(step)) : steps).toReversed()
  )
  const shell = before.find(({ instruction: { keyword, isExec } }) => keyword === 'SHELL' && isExec)?.instruction
  return shell === undefined ? undefined : (JSON.parse(shell.args) as string[])
}

/**
 * A here-document of COPY or ADD becomes a file beside the context, which Kaniko reaches by `..`.
 *
 * @returns a sentence when that cannot be
 */
function writeCopy({ instruction, variables }: Step): Written | string {
  const { args, heredocs } = instruction
  if (fromOf(instruction).length > 0) return 'it stands beside --from='
  const words = splitList(args)
  // Of two that have one name, both are the last.
  const named = new Map(heredocs.map(heredoc => [heredoc.name, heredoc]))
  const inlineFiles: InlineFile[] = []
  const paths: string[] = []
  for (const word of words) {
    const begun = readHeredoc(word)
    if (begun === undefined) {
      const path = resolve(word, variables, instruction.escape)
      if (path === undefined && word !== words.at(-1))
        return `what ${word} beside it stands for is known to the builder only`
      if (isPattern(path ?? word) && word !== words.at(-1)) return `${word} beside it is a pattern`
      paths.push(word)
      continue
    }
    const heredoc = named.get(begun.name)
    if (heredoc === undefined) return `${word} has no text`
    const content = contentOf(heredoc)
    const filled = heredoc.isQuoted || !/[$\\]/.test(content) ? content : expandDocument(content, variables)
    if (filled === undefined) return 'what its variables stand for is known to the builder only'
    if (!PLAIN_NAME.test(heredoc.name)) return `its name is ${JSON.stringify(heredoc.name)}`
    const file = inlineFile(heredoc, filled, 0o644)
    inlineFiles.push(file)
  }
  if (inlineFiles.length < heredocs.length) return 'it is not a word of its own'
  const flags = withOwner(beforeArguments(instruction))
  // BuildKit copies documents after files (dockerfile2llb/convert.go, dispatchCopy).
  const sent = [...paths.slice(0, -1), ...inlineFiles.map(({ path }) => `../${path}`), ...paths.slice(-1)]
  return { text: flags + sent.join(' '), inlineFiles }
}

/** In its path stands what is in it, as layer caches look at the instruction alone. */
function inlineFile(heredoc: Heredoc | undefined, content: string, mode: number): InlineFile {
  const hash = createHash('sha256').update(`${mode} ${content}`).digest('hex').slice(0, 16)
  const name = heredoc !== undefined && PLAIN_NAME.test(heredoc.name) ? heredoc.name : 'script'
  return { path: `${PACKED.inline}/${hash}/${name}`, mode, content }
}
