import { resolve } from '../../dockerfile/expand.js'
import { beforeArguments, wordsOf } from '../../dockerfile/parse.js'
import type { Stage, Step } from '../../dockerfile/stages.js'
import { type Change, changeOf } from './changes.js'

/** A longer list is no list of ports that somebody wrote. */
const MOST_PORTS = 1000

/** Words that Kaniko does not understand, in the form that it does. */
export function rewriteWords(used: readonly Stage[]): readonly Change[] {
  return used.flatMap(({ steps }) =>
    steps.flatMap(step => {
      const { instruction } = step
      const text = writtenAs(step)
      return text === undefined ? [] : [changeOf(instruction, text)]
    })
  )
}

function writtenAs(step: Step): string | undefined {
  const { keyword } = step.instruction
  if (keyword === 'EXPOSE') return exposed(step)
  return keyword === 'USER' ? named(step) : owned(step)
}

/** Kaniko cuts the user from the group at the first colon, also at that of `${GROUP:-root}`. */
function named({ instruction: { args, escape }, variables }: Step): string | undefined {
  const user = /\$\{[^}]*:/.test(args) ? resolve(args, variables, escape) : undefined
  return user !== undefined && /^[\w.:-]+$/.test(user) ? `USER ${user}` : undefined
}

/** Protocols in small letters, as Kaniko compares them, and each port of a range by itself, as Docker notes them. */
function exposed({ instruction, variables }: Step): string | undefined {
  const words = wordsOf(instruction)
  const ports = words.flatMap(word => portsOf(resolve(word, variables, instruction.escape) ?? word))
  const text = `EXPOSE ${ports.join(' ')}`
  return text === `EXPOSE ${words.join(' ')}` || ports.length > MOST_PORTS ? undefined : text
}

function portsOf(word: string): readonly string[] {
  const [, first, last = first, protocol = ''] = /^(\d{1,5})(?:-(\d{1,5}))?(\/[a-z]+)?$/i.exec(word) ?? []
  if (first === undefined || Number(last) < Number(first) || Number(last) > 65_535) return [word]
  const count = Number(last) - Number(first) + 1
  if (count > MOST_PORTS) return [word]
  return Array.from({ length: count }, (_, at) => `${Number(first) + at}${protocol.toLowerCase()}`)
}

/** `--chown=:group`: without a user, Docker takes root, and Kaniko looks for a user without a name. */
function owned({ instruction }: Step): string | undefined {
  const { keyword, args, heredocs } = instruction
  if ((keyword !== 'COPY' && keyword !== 'ADD') || heredocs.length > 0) return undefined
  const flags = beforeArguments(instruction)
  const written = withOwner(flags)
  return written === flags ? undefined : written + args
}

/** The flags of COPY or ADD with root before the group. */
export function withOwner(flags: string): string {
  return flags.replace(/(\s--chown=["']?):/, '$10:')
}
