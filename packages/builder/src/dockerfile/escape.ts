import { beforeArguments, type Instruction, parseDockerfile, wordsOf } from './parse.js'

/** Instructions whose words BuildKit expands; the others' texts go to a shell as they are. */
const EXPANDED = new Set([
  ...['ADD', 'ARG', 'COPY', 'ENV', 'EXPOSE', 'FROM', 'LABEL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR']
])

const DIRECTIVE = /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*`[ \t]*\r?$/im

/**
 * A Dockerfile with `# escape=` and a backtick, written with the backslash: Kaniko knows the other one where lines are
 * continued, and not within words. Each instruction stands in one line, its first one; one with here-documents in the line
 * before these.
 *
 * @returns the text, the same when nothing has to be done; or an instruction that cannot be written so, as it would end in a
 *   backslash that continues it then
 */
export function withBackslash(text: string): string | Instruction {
  if (!DIRECTIVE.test(text)) return text
  const instructions = parseDockerfile(text)
  const lines = text.split('\n')
  const first = instructions[0]?.line ?? 0
  const at = lines.slice(0, Math.max(first - 1, 0)).findIndex(line => DIRECTIVE.test(line))
  // After the first line that is no directive it is a comment, and the parser has not heard it.
  if (at === -1 || !continues(lines.slice(0, at + 1))) return text
  lines[at] = ''
  for (const instruction of instructions) {
    const written = print(instruction)
    if (written.endsWith('\\')) return instruction
    const bodies = instruction.heredocs.reduce((count, { body }) => count + body.split('\n').length, 0)
    const end = instruction.lastLine - bodies
    const place = bodies === 0 ? instruction.line : end
    for (let line = instruction.line; line <= end; line++) lines[line - 1] = line === place ? written : ''
  }
  return lines.join('\n')
}

/** Whether the parser takes the last of these lines for a directive: it continues a line of two. */
function continues(lines: readonly string[]): boolean {
  return parseDockerfile([...lines, 'RUN a `', 'b'].join('\n')).length === 1
}

function print(instruction: Instruction): string {
  const { keyword, text, args, isExec, trigger } = instruction
  if (trigger !== undefined) return beforeArguments(instruction) + print(trigger)
  if (!EXPANDED.has(keyword)) return text
  const words = isExec ? JSON.stringify(wordsOf(instruction).map(withinWords)) : withinWords(args)
  return beforeArguments(instruction) + words
}

/** Between single quotes nothing is escaped, between double ones only what has a meaning there. */
function withinWords(words: string): string {
  return words.replace(/'[^']*'|"(?:`[^]|[^"`])*"|`([^])|\\/g, (match: string, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`
    if (match === '\\') return '\\\\'
    return match.startsWith('"') ? withinQuotes(match) : match
  })
}

function withinQuotes(text: string): string {
  return text.replace(/`(["$`])|\\/g, (_, escaped?: string) => {
    if (escaped === undefined) return '\\\\'
    return escaped === '`' ? escaped : `\\${escaped}`
  })
}
