import { splitArguments } from '../pods/arguments.js'
import type { HookErrorCode } from '../report/errors.js'
import { FLAGS, OTHER_NAMES, type Flag } from './flags.js'
import { CHECKS } from './quantities.js'

/** The values of each flag that was given, in their order, by its name in `FLAGS`. */
export type Given = ReadonlyMap<string, readonly string[]>

/** What is wrong with options, without whose they are. */
export class OptionProblem extends Error {
  readonly code: HookErrorCode

  constructor(message: string, code: HookErrorCode = 'INPUT') {
    super(message)
    this.code = code
  }
}

/** A word of the workflow in a sentence of ours: on one line, and not long. */
export function quote(word: string): string {
  return JSON.stringify(word.length > 100 ? `${word.slice(0, 100)}…` : word)
}

const SHORT = new Map([...FLAGS].flatMap(([name, { short }]) => (short === undefined ? [] : [[short, name] as const])))

/** Flags whose value may be a secret. */
const UNQUOTED = new Set(['env', 'label'])

/**
 * Reads `options:` as `docker create` reads what the runner hands it: split as .NET splits, then by the rules of pflag,
 * which docker reads flags with. Other than there, a line break outside of quotes separates words, too: of `options: |`
 * docker would make one word.
 *
 * @throws OptionProblem in docker's words
 * @see https://pkg.go.dev/github.com/spf13/pflag#readme-command-line-flag-syntax
 */
export function readFlags(text: string): Given {
  const words = splitArguments(text, ' \t\r\n')
  if (splitArguments(`${text} .`, ' \t\r\n').at(-1) !== '.') throw new OptionProblem('a quote (") has no end')
  const given = new Map<string, string[]>()
  // Taken from its end: taking the first of many moves all others.
  words.reverse()
  for (let word = words.pop(); word !== undefined; word = words.pop()) {
    if (word === '--' || word.length < 2 || !word.startsWith('-')) {
      const end = word === '--' ? 'ends them' : 'is no option'
      throw new OptionProblem(`${quote(word)} ${end}: docker would take what follows for the image`)
    }
    if (word.startsWith('--')) addLong(given, word, words)
    else addShort(given, word, words)
  }
  return given
}

/** @param rest the words that follow, the next one last */
function addLong(given: Map<string, string[]>, word: string, rest: string[]): void {
  if (/^--[-=]/.test(word)) throw new OptionProblem(`bad flag syntax: ${quote(word)}`)
  const [written = '', value] = splitOnce(word.slice(2), '=')
  const name = OTHER_NAMES.get(written) ?? written
  const flag = FLAGS.get(name)
  if (flag === undefined) throw new OptionProblem(`unknown flag: ${quote(`--${written}`)}`)
  add(given, name, value ?? valueOf(flag, rest, `--${written}`))
}

/** Several flags of one letter; what follows one that takes a value is the value. */
function addShort(given: Map<string, string[]>, word: string, rest: string[]): void {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at)
    const name = SHORT.get(letter) ?? ''
    const flag = FLAGS.get(name)
    if (flag === undefined) throw new OptionProblem(`unknown shorthand flag: ${quote(letter)} in ${quote(word)}`)
    const behind = word.slice(at + 1)
    const isWritten = behind.length > 1 && behind.startsWith('=')
    if (isWritten) add(given, name, behind.slice(1))
    else add(given, name, flag.type === 'boolean' || behind === '' ? valueOf(flag, rest, `-${letter}`) : behind)
    if (isWritten || flag.type !== 'boolean') return
  }
}

function valueOf({ type }: Flag, rest: string[], written: string): string {
  if (type === 'boolean') return 'true'
  const value = rest.pop()
  if (value === undefined) throw new OptionProblem(`flag needs an argument: ${written}`)
  return value
}

function add(given: Map<string, string[]>, name: string, value: string): void {
  try {
    CHECKS[FLAGS.get(name)?.type ?? 'string']?.(value)
  } catch (error) {
    throw invalid(name, value, (error as Error).message)
  }
  const values = given.get(name)
  if (values === undefined) given.set(name, [value])
  else values.push(value)
}

/** As docker says it of a value that it cannot use. */
export function invalid(name: string, value: string, why: string): OptionProblem {
  const argument = UNQUOTED.has(name) ? 'invalid argument' : `invalid argument ${quote(value)}`
  return new OptionProblem(`${argument} for "--${name}": ${why}`)
}

/** The parts before and behind the first separator; without one, all is the first. */
export function splitOnce(text: string, separator: string): [string] | [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
