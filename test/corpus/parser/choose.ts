import type { ReadInstruction, Reading } from '../../../packages/builder/src/dockerfile/buildkit.fixture.js'

/** A Dockerfile that is kept, and how BuildKit reads it. */
export interface Kept {
  readonly text: string
  readonly reading: Reading
}

/** A longer one is nothing that somebody reads. */
const LONGEST = 160

/** What may be special about an instruction as it is written. */
const FEATURES: Readonly<Record<string, RegExp>> = {
  continued: /\\[ \t]*\r?\n/,
  'continued by a backtick': /`[ \t]*\r?\n/,
  'comment between': /\n[ \t]*#/,
  'empty line between': /\n[ \t]*\r?\n/,
  CRLF: /\r\n/,
  'two CR': /\r\r\n/,
  'CR within': /\r(?![\r\n])/,
  'tab, VT, FF': /[\t\v\f]/,
  'Unicode blank': /[\u0085\u00a0\u2003\u2028\u3000]/,
  'U+FEFF': /\ufeff/,
  NUL: /\0/,
  'small letters': /^\s*[a-z]/,
  'odd letters': /[\u0130\u0131\u017f\u212a]/,
  'single quotes': /'[^']*'/,
  'double quotes': /"[^"]*"/,
  'open quote': /^[^'"]*['"][^'"]*$/,
  'escaped quote': /[\\`]["']/,
  'escaped blank': /[\\`] ./,
  'two escapes': /\\\\|``/,
  variable: /\$[A-Z]/,
  'variable in braces': /\$\{\w+\}/,
  default: /\$\{\w+:?[-+]/,
  pattern: /\$\{\w+[#%/]/,
  array: /\[("[^"]*"(, )?)*\]/,
  'no array': /\[[^"]|" "|1\]/,
  'a flag': /\s--\w+=/,
  'flag in quotes': /\s--\w+=['"]/,
  'flag with escape': /\s--\w+=\S*[\\`]/,
  'end of flags': /\s--(""|\s)/,
  'here-document': /<<\w/,
  'here-document, chomped': /<<-/,
  'here-document in quotes': /<<-?['"]/,
  'here-document behind blanks': /<<-?[ \t]/,
  'here-document with a number': /\d<</,
  'three angles': /<<</,
  'two here-documents': /<<\S+\s+.*<</
}

/**
 * Chooses of Dockerfiles that BuildKit accepts the shortest ones in which a keyword meets something special for the first time.
 *
 * @param first so many are kept in any case
 */
export function choose(
  texts: readonly string[],
  readings: readonly (Reading | undefined)[],
  first: number
): readonly Kept[] {
  const all = texts.flatMap((text, at): readonly (Kept & { readonly at: number })[] => {
    const reading = readings[at]
    return reading === undefined || (at >= first && text.length > LONGEST) ? [] : [{ text, reading, at }]
  })
  all.sort((one, other) => Number(one.at >= first) - Number(other.at >= first) || one.text.length - other.text.length)
  const met = new Set<string>()
  return all
    .filter(({ text, reading, at }) => {
      const fresh = meetings(text, reading).filter(meeting => !met.has(meeting))
      for (const meeting of fresh) met.add(meeting)
      return at < first || fresh.length > 0
    })
    .map(({ text, reading }) => ({ text, reading }))
}

function meetings(text: string, { instructions }: Reading): readonly string[] {
  const lines = text.split('\n')
  return instructions.flatMap(instruction => {
    const written = lines.slice(instruction.line - 1, instruction.lastLine).join('\n')
    const special = Object.entries(FEATURES).flatMap(([name, pattern]) => (pattern.test(written) ? name : []))
    return ['nothing', ...special].map(name => `${kindOf(instruction)} ${name}`)
  })
}

/** Keywords that BuildKit reads by one function (the table `dispatch` of its parser) are one kind. */
const KINDS = [
  'RUN CMD ENTRYPOINT SHELL',
  'COPY ADD VOLUME',
  'FROM EXPOSE',
  'USER WORKDIR STOPSIGNAL MAINTAINER',
  'ENV LABEL'
]

function kindOf({ keyword }: ReadInstruction): string {
  return KINDS.find(kind => kind.split(' ').includes(keyword)) ?? keyword
}
