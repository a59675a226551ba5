/** Longer words of a registry or a pod say nothing more. */
const MAX_CHARACTERS = 8_000

/**
 * One line of text in which the runner finds no command, whoever wrote it. The runner obeys `::name::` where a line begins, behind any
 * white space, and `##[name]` anywhere in it; it ends lines at CR and LF.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function plainLine(text: string): string {
  const short = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
  const line = short.replace(/(?:(?!\t)[\p{Cc}\u2028\u2029])+/gu, ' ').replaceAll('##[', '## [')
  return line.trimStart().startsWith('::') ? `| ${line}` : line
}

/** Text of several lines, each of them plain. */
export function plainLines(text: string): string[] {
  return text.split(/\r\n|[\r\n]/).map(plainLine)
}

/** Blots secrets out, whole and line by line, as the runner does with what is printed. */
export function redact(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap(secret => [secret, ...secret.split(/\r\n|[\r\n]/)]).filter(part => part.trim() !== '')
  const longest = [...new Set(parts)].sort((a, b) => b.length - a.length)
  return longest.reduce((left, secret) => left.replaceAll(secret, '***'), text)
}
