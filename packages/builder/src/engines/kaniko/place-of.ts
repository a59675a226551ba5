import { parseDockerfile } from '../../dockerfile/parse.js'
import type { DockerfilePlace } from '../../errors.js'
import { shownText } from './authored.js'

/** What fits on a line of a screen or two. */
const SHOWN = 200

/** The place of the instruction that begins at a line; undefined when none does. */
export function placeAtLine(file: string, dockerfileText: string, line: number): DockerfilePlace | undefined {
  const found = parseDockerfile(dockerfileText).find(instruction => instruction.line === line)
  return found === undefined ? undefined : { file, line, instruction: short(found.text) }
}

/**
 * The place of an instruction of which the log has the text alone.
 *
 * @param said as the log shows it: blanks joined, and long ones cut
 * @returns undefined when no instruction is such, or several are: no line is better than a wrong one
 */
export function placeOf(file: string, dockerfileText: string, said: string): DockerfilePlace | undefined {
  const words = joined(said)
  const [found, ...more] = parseDockerfile(dockerfileText).filter(instruction => {
    const text = joined(shownText(instruction))
    return text === words || (words.endsWith('…') && text.startsWith(words.slice(0, -1)))
  })
  if (found === undefined || more.length > 0) return undefined
  return { file, line: found.line, instruction: short(found.text) }
}

function joined(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function short(text: string): string {
  const words = joined(text)
  return words.length > SHOWN ? `${words.slice(0, SHOWN)}…` : words
}
