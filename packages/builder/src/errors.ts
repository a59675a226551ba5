import type { Fault } from '@kaniko-hooks/kube'

/**
 * What went wrong with a build. A closed union: callers switch over it.
 *
 * - `DOCKERFILE_MISSING`: there is no Dockerfile at that path
 * - `DOCKERFILE_UNSUPPORTED`: the builder would fail, or build something else than Docker
 * - `REQUEST_REFUSED`: what was asked for besides the Dockerfile cannot be done: an argument, a platform, a stage
 * - `NO_BACKEND`: nobody can build here
 * - `DOCKERFILE_FAILED`: an instruction of the Dockerfile failed
 * - `CONTEXT_FAILED`: the directory could not be read or sent whole
 * - `BASE_IMAGE`: an image that the Dockerfile names could not be fetched
 * - `REGISTRY_UNREACHABLE`: the destination does not answer
 * - `PUSH_FAILED`: the destination refused the image
 * - `POD_FAILED`: the build pod could not be created, started or finished
 * - `TIMEOUT`: the build took longer than its limit
 * - `ABORTED`: the step was cancelled during the build
 */
export type BuildErrorCode =
  | 'DOCKERFILE_MISSING'
  | 'DOCKERFILE_UNSUPPORTED'
  | 'REQUEST_REFUSED'
  | 'NO_BACKEND'
  | 'DOCKERFILE_FAILED'
  | 'CONTEXT_FAILED'
  | 'BASE_IMAGE'
  | 'REGISTRY_UNREACHABLE'
  | 'PUSH_FAILED'
  | 'POD_FAILED'
  | 'TIMEOUT'
  | 'ABORTED'

const FAULTS: Readonly<Record<BuildErrorCode, Fault>> = {
  DOCKERFILE_MISSING: 'user',
  DOCKERFILE_UNSUPPORTED: 'user',
  REQUEST_REFUSED: 'user',
  NO_BACKEND: 'configuration',
  DOCKERFILE_FAILED: 'user',
  CONTEXT_FAILED: 'user',
  BASE_IMAGE: 'user',
  REGISTRY_UNREACHABLE: 'configuration',
  PUSH_FAILED: 'configuration',
  POD_FAILED: 'cluster',
  TIMEOUT: 'user',
  ABORTED: 'user'
}

/** Where in a Dockerfile something is. */
export interface DockerfilePlace {
  /** As the context names it. */
  readonly file: string
  /** Of the instruction's first line, from 1. */
  readonly line: number
  /** The instruction as written, on one line and cut when it is long. */
  readonly instruction: string
}

interface Details {
  readonly fault?: Fault | undefined
  readonly exitCode?: number | undefined
  readonly at?: DockerfilePlace | undefined
  readonly cause?: unknown
}

/** The only error that this package throws. Its message is complete by itself: what, where, who said what, what next. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly code: BuildErrorCode
  readonly fault: Fault
  /** Of the command that failed in the build, when one did. */
  readonly exitCode?: number
  /** The instruction that failed, or the first that cannot be built, when its line is known. */
  readonly at?: DockerfilePlace

  constructor(code: BuildErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = details.fault ?? FAULTS[code]
    if (details.exitCode !== undefined) this.exitCode = details.exitCode
    if (details.at !== undefined) this.at = details.at
  }

  /** The same error with each of its texts in other words. */
  inWords(reword: (text: string) => string): BuildError {
    const { code, at } = this
    const place = at === undefined ? undefined : { ...at, instruction: reword(at.instruction) }
    return new BuildError(code, reword(this.message), { ...this, at: place, cause: this.cause })
  }
}
