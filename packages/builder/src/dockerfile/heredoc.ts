/*
 * BuildKit's rule for here-documents (frontend/dockerfile/parser, heredocsFromLine, and shell/lex.go): the line is cut
 * into words at white space outside of quotes; white space after `<<` does not cut. A word that as a whole is
 * `[digits]<<[-]name` begins a document. So `cat <<EOF` does, and `cat<<EOF`, `"<<EOF"` and `<<<EOF` do not. A line that
 * cannot be cut, with an open quote for instance, has none.
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
  return chomp ? body.replace(/^\t+/gm, '') : body
}

const HEREDOC = /^\d*<<(-?)\s*([^<]+)$/

/** The here-documents that a logical line begins, in order. */
export function findHeredocs(line: string): readonly HeredocWord[] {
  if (!line.includes('<<')) return []
  return splitWords(line).flatMap(word => readHeredoc(word) ?? [])
}

/** A text that is the beginning of one here-document and nothing else. */
export function readHeredoc(text: string): HeredocWord | undefined {
  const [, dash, quoted] = HEREDOC.exec(text) ?? []
  if (quoted === undefined) return undefined
  const name = unquote(quoted)
  if (name === undefined || name === '' || /\s/.test(quoted.replace(/'[^']*'|"[^"]*"/g, '').trimEnd())) return undefined
  return { name, chomp: dash === '-', isQuoted: /['"]/.test(quoted) }
}

/** Words with their quotes and escapes kept; none when a quote or a brace stays open. */
export function splitWords(line: string): readonly string[] {
  const words: string[] = []
  let word = ''
  for (let at = 0; at < line.length;) {
    const piece = nextPiece(line, at)
    if (piece === undefined) return []
    at += piece.length
    if (/^\s$/.test(piece)) {
      if (word !== '') words.push(word)
      word = ''
    } else word += piece
  }
  return word === '' ? words : [...words, word]
}

/** What belongs together at a place: a quoted text, an escaped character, `${…}`, `<<` with the blanks after it. */
function nextPiece(line: string, at: number): string | undefined {
  const match = /'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]?|\$\{[^{}:](?:[^}\\]|\\[^])*\}|<<[\t\v\f\r ]*|[^]/y
  match.lastIndex = at
  const piece = match.exec(line)?.[0]
  const open = piece === "'" || piece === '"' || (piece === '$' && line[at + 1] === '{')
  return open ? undefined : piece
}

function unquote(word: string): string | undefined {
  let plain = ''
  for (let at = 0; at < word.length;) {
    const piece = nextPiece(word, at)
    if (piece === undefined) return undefined
    at += piece.length
    if (piece.startsWith("'")) plain += piece.slice(1, -1)
    else if (piece.startsWith('"')) plain += piece.slice(1, -1).replace(/\\(["$\\])/g, '$1')
    else plain += piece.startsWith('\\') ? piece.slice(1) : piece
  }
  return plain
}
