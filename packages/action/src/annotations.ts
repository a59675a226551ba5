import { parseDockerfile, type BuildError } from '@kaniko-hooks/builder'

/** A message at a line of the Dockerfile. */
export interface Annotation {
  readonly title: string
  readonly message: string
  /** From 1. Undefined when no line can be told. */
  readonly line: number | undefined
}

/** GitHub shows ten errors of a step; the others are for the user's own. */
const MAX_ANNOTATIONS = 5

/** `line 4, COPY …` and `line 2 (COPY --link): …`. */
const NAMED = /\bline (\d{1,6})(?:,| \(|\))/

/** Kaniko tells the instruction alone. */
const INSTRUCTION = /^building .* failed (?:at|after) ([A-Z]+ [^]*)$/

/**
 * What to show for a failed build: an annotation for each line that the error names, at most five, and one without a line when it names
 * none.
 *
 * @param dockerfile its text; undefined when it cannot be read here
 */
export function annotate(error: BuildError, dockerfile: string | undefined): readonly Annotation[] {
  const [first = ''] = error.message.split('\n')
  if (error.code === 'DOCKERFILE_UNSUPPORTED') {
    const findings = error.message.split(/\n|(?=\bline \d{1,6} \()/).filter(part => NAMED.test(part))
    if (findings.length > 0) {
      return findings
        .slice(0, MAX_ANNOTATIONS)
        .map(part => ({ title: 'Cannot be built here', message: part.trim(), line: lineNamed(part) }))
    }
  }
  const isDockerfiles = error.code === 'DOCKERFILE_FAILED' || error.code === 'BASE_IMAGE'
  const line = isDockerfiles ? (lineNamed(first) ?? lineOf(INSTRUCTION.exec(first)?.[1], dockerfile)) : undefined
  const exit = /ended with exit code (\d+)$/.exec(first)?.[1]
  const keyword = INSTRUCTION.exec(first)?.[1]?.split(' ', 1)[0]
  const title =
    keyword === undefined || exit === undefined ? 'The build failed' : `${keyword} failed (exit code ${exit})`
  return [{ title, message: first, line }]
}

function lineNamed(text: string): number | undefined {
  const line = NAMED.exec(text)?.[1]
  return line === undefined ? undefined : Number(line)
}

/**
 * The line of the instruction that a message begins with. Kaniko joins lines and blanks, and cuts long instructions; of several that
 * begin alike the longest counts, and none when two are the same.
 */
function lineOf(said: string | undefined, dockerfile: string | undefined): number | undefined {
  if (said === undefined || dockerfile === undefined) return undefined
  const words = joined(said)
  const fitting = parseDockerfile(dockerfile)
    .map(({ line, text }) => ({ line, text: joined(text) }))
    .filter(
      ({ text }) =>
        words.startsWith(`${text}: `) || (words.includes('…') && text.startsWith(words.split('…', 1)[0] ?? ''))
    )
  const longest = Math.max(...fitting.map(({ text }) => text.length))
  const best = fitting.filter(({ text }) => text.length === longest)
  return best.length === 1 ? best[0]?.line : undefined
}

function joined(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
