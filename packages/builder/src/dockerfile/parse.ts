import { findHeredocs, type Heredoc, type HeredocWord } from './heredoc.js'

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
  /** The form with a JSON array, which runs no shell. */
  readonly isExec: boolean
  readonly heredocs: readonly Heredoc[]
  /** What an ONBUILD will do. */
  readonly trigger?: Instruction
}

/** Only these, and ONBUILD of these, may have here-documents. */
const WITH_HEREDOCS = new Set(['RUN', 'COPY', 'ADD'])

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/

const DIRECTIVES = new Set(['syntax', 'escape', 'check'])

/**
 * Cuts a Dockerfile into instructions as BuildKit's parser does (frontend/dockerfile/parser): continuation by the
 * escape character of the `# escape=` directive, comments and empty lines between continuations, here-documents. It
 * never fails: what is no Dockerfile is for the builder to refuse.
 */
export function parseDockerfile(text: string): readonly Instruction[] {
  const written = text.replace(/^\uFEFF/, '').split('\n')
  // Only here-documents keep the other half of a line's end.
  const lines = written.map(line => line.replace(/\r$/, ''))
  const escape = readEscape(lines)
  const continued = new RegExp(`(^|[^\\${escape}])\\${escape}[ \\t]*$`)
  const instructions: Instruction[] = []

  for (let at = 0; at < lines.length; at++) {
    const first = at
    let line = lines[at] ?? ''
    if (isBlank(line) || isComment(line)) continue
    let logical = line.trimStart()
    while (continued.test(logical) && at + 1 < lines.length) {
      line = lines[++at] ?? ''
      if (isBlank(line) || isComment(line)) continue
      logical = logical.replace(continued, '$1') + line
    }
    logical = logical.replace(continued, '$1')
    const instruction = parseInstruction(logical, first + 1, escape)
    const heredocs: Heredoc[] = []
    for (const word of heredocWordsOf(instruction, logical)) {
      const ends = (body: string): boolean => (word.chomp ? body.replace(/^\t+/, '') : body) === word.name
      const start = at + 1
      do at++
      while (at < lines.length && !ends(lines[at] ?? ''))
      const body = written.slice(start, at).map(line => `${line}\n`)
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

function parseInstruction(logical: string, line: number, escape: string): Instruction {
  const [, word = '', rest = ''] = /^(\S+)\s*([^]*)$/.exec(logical.trim()) ?? []
  const keyword = word.toUpperCase()
  const { flags, args } = splitFlags(rest, escape)
  const place = { line, lastLine: line, heredocs: [] }
  const plain = { ...place, keyword, flags, args, text: logical.trim(), isExec: isStringArray(args) }
  return keyword === 'ONBUILD' ? { ...plain, trigger: parseInstruction(args, line, escape) } : plain
}

function splitFlags(rest: string, escape: string): { flags: readonly string[]; args: string } {
  // At each place one alternative at most: else a text that does not match takes time without end.
  const word = new RegExp(
    `^--(?:'[^']*'|"(?:\\${escape}[^]|[^"\\${escape}])*"|\\${escape}[^]|[^\\s'"\\${escape}])*(?:\\s+|$)`
  )
  const flags: string[] = []
  let args = rest
  for (;;) {
    const flag = word.exec(args)?.[0]
    if (flag === undefined) return { flags, args: args.trim() }
    args = args.slice(flag.length)
    if (flag.trim() === '--') return { flags, args: args.trim() }
    flags.push(flag.trim().replace(/['"]/g, ''))
  }
}

/** Directives are comments before everything else; the first line that is none ends them. */
function readEscape(lines: readonly string[]): '\\' | '`' {
  for (const line of lines) {
    const [, name = '', value] = DIRECTIVE.exec(line.trimStart()) ?? []
    if (!DIRECTIVES.has(name.toLowerCase())) return '\\'
    if (name.toLowerCase() === 'escape') return value === '`' ? '`' : '\\'
  }
  return '\\'
}

function isBlank(line: string): boolean {
  return line.trim() === ''
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#')
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
