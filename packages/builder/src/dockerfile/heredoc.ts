import { fillIn } from './shell.js'

/*
 * BuildKit's rule for here-documents (frontend/dockerfile/parser, heredocsFromLine): the line is cut into words, and a
 * word that as a whole is `[digits]<<[-]name` begins a document. So `cat <<EOF` does, and `cat<<EOF`, `"<<EOF"` and
 * `<<<EOF` do not. A line that cannot be cut, with an open quote for instance, has none. The escape character is `\`,
 * whatever the directive says.
 */

/** A here-document as its instruction announces it. */
export interface HeredocWord {
  /** The line that ends it. */
  readonly name: string
  /** `<<-`: leading tabs do not count. */
  readonly chomp: boolean
  /** Its name is quoted: COPY and ADD fill in no variables then. */
  readonly isQuoted: boolean
}

/** A here-document and what stands in it. */
export interface Heredoc extends HeredocWord {
  /** Its lines as written, each with its end, without the line that ends it all. */
  readonly body: string
  /** Whether that line is there; without it no Dockerfile is one. */
  readonly isEnded: boolean
}

/** What a command reads of a here-document: without leading tabs where these do not count. */
export function contentOf({ body, chomp }: Heredoc): string {
  // Of JavaScript's ends of lines, only this one is Go's.
  return chomp ? body.replace(/(^|\n)\t+/g, '$1') : body
}

/** A name begins with no white space: a long row of that would be tried in all ways to divide it. */
const HEREDOC = /^\d*<<(-|(?!-))[\t\n\f\r ]*([^<\t\n\f\r ][^<]*)$/

const AS_WRITTEN = { escape: '\\', valueOf: () => undefined, keepsUnset: true } as const

/** The here-documents that a logical line begins, in order. */
export function findHeredocs(line: string): readonly HeredocWord[] {
  return line.includes('<<') ? splitWords(line).flatMap(word => readHeredoc(word) ?? []) : []
}

/** Words with their quotes and escapes kept; none when a quote or a brace stays open. */
function splitWords(line: string): readonly string[] {
  return fillIn(line, { ...AS_WRITTEN, keepsQuotes: true, keepsEscapes: true }, true)?.words ?? []
}

/** A text that is the beginning of one here-document and nothing else. */
export function readHeredoc(text: string): HeredocWord | undefined {
  const [, dash, written] = HEREDOC.exec(text) ?? []
  if (written === undefined) return undefined
  const [name, ...others] = fillIn(written, AS_WRITTEN, true)?.words ?? []
  const [quoted] = fillIn(written, { ...AS_WRITTEN, keepsQuotes: true }, true)?.words ?? []
  if (name === undefined || quoted === undefined || others.length > 0) return undefined
  return { name, chomp: dash === '-', isQuoted: countQuotes(name) !== countQuotes(quoted) }
}

function countQuotes(text: string): number {
  return text.match(/['"]/g)?.length ?? 0
}
