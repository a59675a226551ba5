/*
 * BuildKit's rule for here-documents (frontend/dockerfile/parser, heredocsFromLine, and shell/lex.go): the line is cut
 * into words at white space outside of quotes; white space after `<<` does not cut. A word that as a whole is
 * `[digits]<<[-]name` begins a document. So `cat <<EOF` does, and `cat<<EOF`, `"<<EOF"` and `<<<EOF` do not. A line that
 * cannot be cut, with an open quote for instance, has none.
 */

/** A here-document as its instruction announces it. */
export interface Heredoc {
  /** The line that ends it. */
  readonly name: string
  /** `<<-`: leading tabs do not count. */
  readonly chomp: boolean
}

const HEREDOC = /^\d*<<(-?)\s*([^<]+)$/

/** The here-documents that a logical line begins, in order. */
export function findHeredocs(line: string): readonly Heredoc[] {
  if (!line.includes('<<')) return []
  return splitWords(line).flatMap(word => {
    const [, dash, quoted] = HEREDOC.exec(word) ?? []
    if (quoted === undefined) return []
    const name = unquote(quoted)
    return name === undefined || name === '' || /\s/.test(quoted.replace(/'[^']*'|"[^"]*"/g, ''))
      ? []
      : [{ name, chomp: dash === '-' }]
  })
}

/** Words with their quotes and escapes kept; none when a quote or a brace stays open. */
function splitWords(line: string): readonly string[] {
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
