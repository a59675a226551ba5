import type { Context } from '@kaniko-hooks/builder'
import { ElsewhereLog } from '@kaniko-hooks/builder/elsewhere'

import type { Listener } from '../backend.js'
import type { ImageBuild } from '../image-build.js'
import type { Durations } from './durations.js'

/** The log of an executor that a backend started itself. */
export interface BuildLog {
  /** Takes the next line, without its end. */
  readonly onLine: (line: string) => void
  /** What the executor's end means: see `ElsewhereLog.digestOf`. */
  readonly digestOf: ElsewhereLog['digestOf']
}

/**
 * Shows an executor's log to a listener, without what the build was lent, and its phases as they begin.
 *
 * @param build with the arguments that the executor gets
 * @param redact takes secrets and credentials out of a line
 */
export function followBuild(
  build: Pick<ImageBuild, 'buildArgs' | 'tags' | 'cache'>,
  context: Context,
  redact: (line: string) => string,
  durations: Durations,
  listener: Listener
): BuildLog {
  const { buildArgs, tags, cache } = build
  const log = new ElsewhereLog(context, { buildArgs, pushRef: tags[0] ?? '', cache: cache?.repository })
  return {
    onLine: line => {
      const { lines, phase } = log.read(redact(line))
      if (phase !== undefined) durations.begin(phase, listener)
      lines.forEach(shown => listener.line(shown))
    },
    digestOf: end => log.digestOf(end)
  }
}
