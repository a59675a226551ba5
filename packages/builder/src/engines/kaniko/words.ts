import { resolve } from '../../dockerfile/expand.js'
import { posix } from 'node:path'
import { readHeredoc } from '../../dockerfile/heredoc.js'
import { beforeArguments, wordsOf } from '../../dockerfile/parse.js'
import type { Stage, Step } from '../../dockerfile/stages.js'
import type { Finding } from '../engine.js'
import { type Change, changeOf } from './changes.js'
import { finding } from './unsupported.js'

/** As many as there is room for in one line of Kaniko's parser. */
const MOST_PORTS = 5000

interface Rewritten {
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

/** Words that Kaniko does not understand, in the form that it does; and those that only the builder could write so. */
export function rewriteWords(used: readonly Stage[]): Rewritten {
  const changes: Change[] = []
  const findings: Finding[] = []
  const warnings: string[] = []
  for (const step of used.flatMap(({ steps }) => steps)) {
    const { instruction } = step
    const written = writtenAs(step)
    if (typeof written === 'string') changes.push(changeOf(instruction, written))
    else if (written !== undefined) findings.push(finding(instruction, written))
    if (instruction.keyword === 'EXPOSE' && hasTooMany(portsAt(step))) {
      warnings.push(`line ${instruction.line}: Kaniko notes so many ports as one with an odd name`)
    }
  }
  return { changes, findings, warnings }
}

function hasTooMany(ports: readonly string[]): boolean {
  return ports.length > MOST_PORTS || ports.some(port => /^\d+-\d+(?:\/|$)/.test(port))
}

type Verdict = Pick<Finding, 'problem' | 'advice'>

function writtenAs(step: Step): string | Verdict | undefined {
  const { keyword } = step.instruction
  if (keyword === 'EXPOSE') return exposed(step)
  if (keyword === 'USER') return named(step)
  return keyword === 'COPY' || keyword === 'ADD' ? copied(step) : undefined
}

/** Kaniko cuts the user from the group at the first colon, also at that of `${GROUP:-root}`. */
function named({ instruction: { args, escape }, variables }: Step): string | Verdict | undefined {
  if (!/\$\{[^}$]*:/.test(args)) return undefined
  const user = resolve(args, variables, escape)
  if (user !== undefined) return /^[\w.:-]+$/.test(user) ? `USER ${user}` : undefined
  return {
    problem: 'Kaniko cuts the user from the group at the first colon, which is within ${…} here',
    advice: 'Give the variable a value by ARG or ENV in this stage, or write the name or number itself.'
  }
}

/** Protocols in small letters, as Kaniko compares them, and each port of a range by itself, as Docker notes them. */
function exposed(step: Step): string | undefined {
  const ports = portsAt(step)
  // Variables may be empty, and a mere EXPOSE is an error.
  const text = ports.length === 0 ? '' : `EXPOSE ${ports.join(' ')}`
  return text === `EXPOSE ${wordsOf(step.instruction).join(' ')}` || ports.length > MOST_PORTS ? undefined : text
}

function portsAt({ instruction, variables }: Step): readonly string[] {
  return wordsOf(instruction).flatMap(word => portsOf(resolve(word, variables, instruction.escape) ?? word))
}

function portsOf(word: string): readonly string[] {
  // What stands before a colon is the host's, which an image does not say.
  const [, first, last = first, protocol = ''] =
    /^(?:[^$/]{0,99}:)?(\d{1,5})(?:-(\d{1,5}))?(\/[a-z]+)?$/i.exec(word) ?? []
  if (word === '') return []
  if (first === undefined || Number(last) < Number(first) || Number(last) > 65_535) return [word]
  const count = Number(last) - Number(first) + 1
  if (count > MOST_PORTS) return [`${first}-${last}${protocol.toLowerCase()}`]
  return Array.from({ length: count }, (_, at) => `${Number(first) + at}${protocol.toLowerCase()}`)
}

/**
 * `--chown=:group`: without a user, Docker takes root, and Kaniko looks for a user without a name. `COPY ../file`: for
 * Docker there is nothing above the context, nor above the root of a stage; Kaniko would leave them.
 */
function copied({ instruction, variables }: Step): string | Verdict | undefined {
  const { args, heredocs, isExec, escape } = instruction
  if (heredocs.length > 0) return undefined
  const flags = beforeArguments(instruction)
  const words = wordsOf(instruction)
  const sources = words.slice(0, -1).map(word => {
    const path = resolve(word, variables, escape)
    return path !== undefined && leads(path) ? escaped(posix.normalize(`/${path}`)) : word
  })
  const isSame = sources.every((source, at) => source === words[at])
  const list = [...sources, words.at(-1) ?? '']
  const isList = isExec || list.some(word => /\s/.test(word))
  return isSame && withOwner(flags) === flags
    ? undefined
    : withOwner(flags) + (isSame ? args : isList ? JSON.stringify(list) : list.join(' '))
}

/** Whether a path has `..` in it, and is none of another machine. */
function leads(path: string): boolean {
  return path.split('/').includes('..') && !/^(?:[a-z]+:\/\/|git@)/i.test(path) && readHeredoc(path) === undefined
}

/** Kaniko resolves the words of a JSON form, too. */
export function escaped(path: string): string {
  return path.replace(/[\\'"$]/g, '\\$&')
}

/** The flags of COPY or ADD with root before the group. */
export function withOwner(flags: string): string {
  return flags.replace(/(\s--chown=["']?):/, '$10:')
}
