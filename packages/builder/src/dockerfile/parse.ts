import { findHeredocs, type Heredoc, type HeredocWord } from './heredoc.js'
import { type Escape, isBlank, splitList, trim, trimStart } from './shell.js'

/** One instruction of a Dockerfile, with its continuation lines joined. */
export interface Instruction {
  /** Number of its first line, from 1. */
  readonly line: number
  /** And of its last one, with the bodies of here-documents. */
  readonly lastLine: number
  /** `RUN`, `COPY`, …; always upper case. */
  readonly keyword: string
  /** The leading `--name[=value]` words, unquoted. */
  readonly flags: readonly string[]
  /** What follows the flags. */
  readonly args: string
  /** As written, continuation lines joined, without the bodies of here-documents. */
  readonly text: string
  /** The form with a JSON array, which runs no shell; no instruction that has no such form. */
  readonly isExec: boolean
  readonly heredocs: readonly Heredoc[]
  /** Of the whole Dockerfile. */
  readonly escape: Escape
  /** What an ONBUILD will do. */
  readonly trigger?: Instruction
  /** Whether this is such a trigger; its lines are those of the ONBUILD. */
  readonly isTrigger?: true
}

/** Only these, and ONBUILD of these, may have here-documents. */
const WITH_HEREDOCS = new Set(['RUN', 'COPY', 'ADD'])

const WITH_JSON = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME'])

const DIRECTIVE = /^#[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=([^]+)$/

const DIRECTIVES = new Set(['syntax', 'escape', 'check'])

const ESCAPES: Readonly<Record<Escape, { readonly continued: RegExp }>> = {
  '\\': { continued: /(^|[^\\])\\[ \t]*$/ },
  '`': { continued: /(^|[^`])`[ \t]*$/ }
}

/**
 * Cuts a Dockerfile into instructions as BuildKit's parser does (frontend/dockerfile/parser): continuation by the
 * escape character of the `# escape=` directive, comments and empty lines between continuations, here-documents. It
 * never fails: what is no Dockerfile is for the builder to refuse.
 */
export function parseDockerfile(text: string): readonly Instruction[] {
  const written = text.replace(/^\uFEFF/, '').split('\n')
  // The end of the last line begins no other.
  if (written.at(-1) === '') written.pop()
  // Only here-documents keep the other half of a line's end.
  const lines = written.map(trimReturns)
  const escape = readEscape(lines)
  const { continued } = ESCAPES[escape]
  const instructions: Instruction[] = []

  for (let at = 0; at < lines.length; at++) {
    const first = at
    let line = trimStart(lines[at] ?? '')
    if (line === '' || line.startsWith('#')) continue
    // What continues is told by each line of its own, not by what they are together.
    const pieces = [line.replace(continued, '$1')]
    while (continued.test(line) && at + 1 < lines.length) {
      const next = lines[++at] ?? ''
      const start = trimStart(next)
      if (start === '' || start.startsWith('#')) continue
      line = next
      pieces.push(line.replace(continued, '$1'))
    }
    const logical = pieces.join('')
    const instruction = parseInstruction(logical, first + 1, escape)
    const heredocs: Heredoc[] = []
    for (const word of heredocWordsOf(instruction, logical)) {
      const ends = (body: string): boolean => (word.chomp ? body.replace(/^\t+/, '') : body) === word.name
      const start = at + 1
      do at++
      while (at < lines.length && !ends(lines[at] ?? ''))
      const body = written.slice(start, at).map(each => `${each}\n`)
      heredocs.push({ ...word, body: body.join(''), isEnded: at < lines.length })
    }
    instructions.push(attachHeredocs(instruction, Math.min(at + 1, lines.length), heredocs))
  }
  return instructions
}

function attachHeredocs(instruction: Instruction, lastLine: number, heredocs: readonly Heredoc[]): Instruction {
  const { trigger } = instruction
  const own = { ...instruction, lastLine, heredocs }
  return trigger === undefined ? own : { ...own, trigger: attachHeredocs(trigger, lastLine, heredocs) }
}

function heredocWordsOf(instruction: Instruction, logical: string): readonly HeredocWord[] {
  const { keyword, isExec } = instruction.trigger ?? instruction
  return WITH_HEREDOCS.has(keyword) && !isExec ? findHeredocs(logical) : []
}

function parseInstruction(logical: string, line: number, escape: Escape, isTrigger = false): Instruction {
  const text = trim(logical)
  const [, word = '', rest = ''] = /^([^\t\v\f\r ]*)[\t\v\f\r ]*([^]*)$/.exec(text) ?? []
  const keyword = inCapitals(word)
  const { flags, args } = splitFlags(rest, escape)
  const isExec = WITH_JSON.has(keyword) && isStringArray(args)
  const own = { line, lastLine: line, keyword, flags, args, text, isExec, heredocs: [], escape }
  const plain: Instruction = isTrigger ? { ...own, isTrigger } : own
  // BuildKit refuses an ONBUILD of an ONBUILD, and a long row of them would be read once more for each.
  if (keyword !== 'ONBUILD' || isTrigger || args === '') return plain
  return { ...plain, trigger: parseInstruction(args, line, escape, true) }
}

/** In ASCII, and the two other letters that Go makes small ones of ASCII. */
function inCapitals(word: string): string {
  return word.replace(
    /[a-z\u0130\u212a]/g,
    letter => ({ '\u0130': 'I', '\u212a': 'K' })[letter] ?? letter.toUpperCase()
  )
}

/** An instruction's keyword and flags, as written, with the blanks behind them. */
export function beforeArguments({ text, args }: Instruction): string {
  return text.slice(0, text.length - args.length)
}

/** Whether an instruction's words are a list that white space cuts or that is JSON, and which. */
export function wordsOf({ args, isExec }: Instruction): readonly string[] {
  return isExec ? (JSON.parse(args) as string[]) : splitList(args)
}

/**
 * The leading words with two dashes, without their quotes and escapes. BuildKit looks at bytes here (extractBuilderFlags):
 * each byte of a character becomes a character of its own, and some of them count as white space.
 */
function splitFlags(rest: string, escape: Escape): { flags: readonly string[]; args: string } {
  const bytes = Buffer.from(rest).toString('latin1')
  const flags: string[] = []
  for (let at = 0; ;) {
    while (at < bytes.length && isBlank(bytes.charAt(at))) at++
    const flag = bytes.startsWith('--', at) ? readFlag(bytes, at, escape) : undefined
    if (flag === undefined) return { flags, args: argumentsFrom(bytes, at) }
    at = flag.end
    if (flag.text === '--') return { flags, args: argumentsFrom(bytes, at) }
    flags.push(flag.text)
  }
}

function argumentsFrom(bytes: string, at: number): string {
  return trim(Buffer.from(bytes.slice(at), 'latin1').toString())
}

/** A flag up to white space outside of quotes; an open quote takes all. */
function readFlag(bytes: string, start: number, escape: Escape): { readonly text: string; readonly end: number } {
  let text = ''
  let quote = ''
  let at = start
  for (; at < bytes.length; at++) {
    const character = bytes.charAt(at)
    if (character === quote) quote = ''
    else if (quote === '' && isBlank(character)) break
    else if (quote === '' && (character === "'" || character === '"')) quote = character
    else if (character === escape) text += bytes.charAt(++at)
    else text += character
  }
  return { text, end: Math.min(at, bytes.length) }
}

/** Directives are comments before everything else; the first line that is none ends them. */
function readEscape(lines: readonly string[]): Escape {
  for (const line of lines) {
    const [, name = '', value = ''] = DIRECTIVE.exec(trimStart(line)) ?? []
    if (!DIRECTIVES.has(name.toLowerCase())) return '\\'
    if (name.toLowerCase() === 'escape') return trim(value) === '`' ? '`' : '\\'
  }
  return '\\'
}

function trimReturns(line: string): string {
  let end = line.length
  while (line[end - 1] === '\r') end--
  return line.slice(0, end)
}

function isStringArray(args: string): boolean {
  if (!args.startsWith('[')) return false
  try {
    const value: unknown = JSON.parse(args)
    return Array.isArray(value) && value.every(item => typeof item === 'string')
  } catch {
    return false
  }
}
