import { isDigest } from '@kaniko-hooks/registry'
import type { Context } from '../../context/context.js'
import { BuildError } from '../../errors.js'
import type { Finding, Platform, Prepared } from '../engine.js'
import { authoredTexts } from './authored.js'
import { KanikoLog } from './log.js'
import { prepare } from './prepare.js'
import { explainFailure } from './problem.js'
import type { KanikoFork } from './unsupported.js'
import { asWished } from './wishes.js'

/**
 * Which fork an executor is of, by the version that it prints. Google's ended with 1.24, Chainguard's with 1.25; whoever has
 * 1.25 of the third is treated as of the second, which can do less.
 *
 * @param printed what `executor version` says: `Kaniko version :  v1.25.5`
 * @returns undefined when there is no version in it
 */
export function forkOf(printed: string): KanikoFork | undefined {
  // Whoever printed it may be anybody, and anything.
  const [, major, minor] = /(?<!\d)(\d{1,4})\.(\d{1,4})\.\d/.exec(printed) ?? []
  if (major === undefined || minor === undefined) return undefined
  if (Number(major) > 1 || Number(minor) > 25) return 'osscontainertools'
  return Number(minor) === 25 ? 'chainguard' : 'google'
}

/** What an executor that runs elsewhere is, as far as a build depends on it. */
export interface ExecutorTraits {
  readonly fork: KanikoFork
  /** Of the image; Kaniko does not emulate another one. */
  readonly platform: Platform
}

/** What of a build decides whether an executor can build it. */
export interface ElsewhereBuild {
  readonly buildArgs: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly target?: string
  readonly secrets: readonly unknown[]
}

/**
 * Compiles a context for an executor that runs elsewhere, as `Engine.prepare` does for a pod of ours.
 *
 * @throws BuildError `DOCKERFILE_UNSUPPORTED` with all that this executor would get wrong
 */
export function prepareElsewhere(
  context: Context,
  build: ElsewhereBuild,
  { fork, platform }: ExecutorTraits
): Prepared {
  const { labels, target } = build
  const prepared = prepare(
    asWished(context, { labels, ...(target === undefined ? {} : { target }) }),
    fork,
    platform,
    build.buildArgs
  )
  const problems = [
    ...(build.secrets.length > 0 && fork !== 'osscontainertools'
      ? ['build secrets need an executor of the osscontainertools fork (v1.26 or later), and the one there has none']
      : []),
    ...(Object.keys(build.annotations).length > 0 && fork === 'google'
      ? ['annotations need a maintained executor (v1.25 or later); the one there is Google’s, which has none']
      : []),
    ...prepared.findings.map(
      ({ line, instruction, problem, advice }) =>
        `${context.dockerfile} line ${line}, ${instruction}: ${problem}. ${advice}`
    )
  ]
  const [first] = prepared.findings
  const at = first === undefined ? undefined : { file: context.dockerfile, ...lineAndText(first) }
  if (problems.length > 0) throw new BuildError('DOCKERFILE_UNSUPPORTED', problems.join('\n'), { at })
  return prepared
}

function lineAndText({ line, instruction }: Finding): Pick<Finding, 'line' | 'instruction'> {
  return { line, instruction }
}

/** What a line of an executor's log is, for whoever shows it. */
export interface ShownLines {
  readonly lines: readonly string[]
  readonly phase?: 'bases' | 'build' | 'push'
}

/** Reads the log of an executor that runs elsewhere, and explains its end. */
export class ElsewhereLog {
  readonly #log: KanikoLog
  readonly #build: Omit<Parameters<typeof explainFailure>[0], 'exitCode' | 'progress'>

  /** @param pushRef the first destination, for the words of an error; may be empty */
  constructor(
    context: Context,
    build: {
      readonly buildArgs: Readonly<Record<string, string>>
      readonly pushRef: string
      readonly cache: string | undefined
    }
  ) {
    const { dockerfile, dockerfileText, authorText = dockerfileText } = context
    this.#log = new KanikoLog(build.cache, authoredTexts(context))
    this.#build = { dockerfile, dockerfileText: authorText, buildArgs: build.buildArgs, pushRef: build.pushRef }
  }

  /** @param line without its end */
  read(line: string): ShownLines {
    const { lines, event } = this.#log.read(line)
    if (event === undefined || event.kind === 'pushed' || event.kind === 'left') return { lines }
    const phase = ({ fetching: 'bases', stage: 'build', instruction: 'build', pushing: 'push' } as const)[event.kind]
    return { lines, phase }
  }

  /**
   * What an executor's end means.
   *
   * @param end its exit code, 128 and more for a signal, and what it left in its digest file
   * @returns the digest
   * @throws BuildError with the failing instruction, or what the registry said
   */
  digestOf(end: { readonly exitCode: number; readonly digest: string }): string {
    const { exitCode } = end
    const digest = end.digest.trim()
    if (exitCode > 128) {
      const why = exitCode === 137 ? '; its memory may have run out' : ''
      const message = `the executor was ended by signal ${exitCode - 128}${why}`
      throw new BuildError('POD_FAILED', message, { exitCode })
    }
    if (exitCode !== 0) throw explainFailure({ ...this.#build, progress: this.#log.progress, exitCode })
    if (isDigest(digest)) return digest
    throw new BuildError('POD_FAILED', `Kaniko ended well, but left no digest (it left ${JSON.stringify(digest)})`)
  }
}
