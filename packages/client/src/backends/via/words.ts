/** A prefix that cannot be split. */
export class WordsError extends Error {
  override readonly name = 'WordsError'
}

/**
 * Splits a command into words as a POSIX shell does (XCU 2.2), and does nothing else that a shell does: no variable, no `~`,
 * no `*`, no pipe. Single quotes keep everything; double quotes keep all but `\\`, `\"`, `\$` and `` \` ``; a backslash keeps
 * the next character.
 *
 * @throws WordsError for an open quote, a backslash at the end, or characters that only a shell understands
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1)
      if (end === -1) throw new WordsError('a single quote is not closed')
      word = (word ?? '') + text.slice(at + 1, end)
      at = end
    } else if (character === '"') {
      const { content, end } = quoted(text, at + 1)
      word = (word ?? '') + content
      at = end
    } else if (character === '\\') {
      at += 1
      if (at === text.length) throw new WordsError('nothing follows the backslash at its end')
      word = (word ?? '') + text.charAt(at)
    } else {
      if (/[|&;<>()$`]/.test(character)) {
        throw new WordsError(
          `${character} is for a shell, and none reads the prefix; quote it, or write sh -c '…' for a shell`
        )
      }
      word = (word ?? '') + character
    }
  }
  return word === undefined ? words : [...words, word]
}

/** Reads to the closing double quote. */
function quoted(text: string, start: number): { readonly content: string; readonly end: number } {
  let content = ''
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '"') return { content, end: at }
    if (character === '$' || character === '`') {
      throw new WordsError(`${character} in double quotes is for a shell, and none reads the prefix; use single quotes`)
    }
    const next = text.charAt(at + 1)
    if (character === '\\' && /["\\$`]/.test(next)) {
      content += next
      at += 1
    } else {
      content += character
    }
  }
  throw new WordsError('a double quote is not closed')
}
