/**
 * Splits a command line as the runner's own process start does. Without hooks the runner hands one string to docker,
 * and .NET splits it on every platform by the rules of Windows: only `"` quotes; a backslash is itself unless it stands
 * before a `"`; `'`, `$` and backticks are ordinary characters.
 * @see https://learn.microsoft.com/dotnet/api/system.diagnostics.processstartinfo.arguments
 *
 * The runner splits this string on spaces before it sends it to a hook, so join its pieces with one space first.
 *
 * @param separators what stands between words outside of quotes
 */
export function splitArguments(line: string, separators = ' \t'): string[] {
  const words: string[] = []
  let word = ''
  let inWord = false
  let quoted = false
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at)
    if (char === '\\') {
      let slashes = 1
      while (line.charAt(at + slashes) === '\\') slashes += 1
      at += slashes - 1
      inWord = true
      if (line.charAt(at + 1) !== '"') {
        word += '\\'.repeat(slashes)
        continue
      }
      word += '\\'.repeat(Math.floor(slashes / 2))
      if (slashes % 2 === 1) {
        word += '"'
        at += 1
      }
    } else if (char === '"') {
      // In a quoted part, "" is one quote; the quoted part goes on.
      if (quoted && line.charAt(at + 1) === '"') {
        word += '"'
        at += 1
      } else {
        quoted = !quoted
      }
      inWord = true
    } else if (separators.includes(char) && !quoted) {
      if (inWord) words.push(word)
      word = ''
      inWord = false
    } else {
      word += char
      inWord = true
    }
  }
  if (inWord) words.push(word)
  return words
}
