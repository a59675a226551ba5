import type { BuildError } from '@kaniko-hooks/builder'

/** A message at a line of the Dockerfile. */
export interface Annotation {
  readonly title: string
  readonly message: string
  /** From 1. Undefined when no line can be told. */
  readonly line: number | undefined
}

/** GitHub shows ten errors of a step; the others are for the user's own. */
const MAX_ANNOTATIONS = 5

/** Of several that cannot be built, each has its line in the message: `line 4, COPY …` and `line 2 (COPY --link): …`. */
const NAMED = /\bline (\d{1,6})(?:,| \(|\))/

/**
 * What to show for a failed build: an annotation for each instruction that cannot be built, at most five, and for all else one, at the
 * line of the instruction that failed when that is known.
 */
export function annotate(error: BuildError): readonly Annotation[] {
  const [message = ''] = error.message.split('\n')
  if (error.code === 'DOCKERFILE_UNSUPPORTED') {
    const findings = error.message.split(/\n|(?=\bline \d{1,6} \()/).filter(part => NAMED.test(part))
    if (findings.length > 0) {
      return findings
        .slice(0, MAX_ANNOTATIONS)
        .map(part => ({ title: 'Cannot be built here', message: part.trim(), line: Number(NAMED.exec(part)?.[1]) }))
    }
  }
  return [{ title: titleOf(error, message), message, line: error.at?.line }]
}

function titleOf({ code, at }: BuildError, message: string): string {
  const keyword = at?.instruction.split(/\s/, 1)[0]?.toUpperCase()
  const exit = /ended with exit code (\d+)$/.exec(message)?.[1]
  if (code !== 'DOCKERFILE_FAILED' || keyword === undefined) return 'The build failed'
  return exit === undefined ? `${keyword} failed` : `${keyword} failed (exit code ${exit})`
}
