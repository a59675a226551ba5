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

/** The only error that this package throws. Its message is complete by itself: what, where, who said what, what next. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly code: BuildErrorCode
  readonly fault: Fault
  /** Of the command that failed in the build, when one did. */
  readonly exitCode?: number

  constructor(
    code: BuildErrorCode,
    message: string,
    details: { fault?: Fault; exitCode?: number; cause?: unknown } = {}
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = details.fault ?? FAULTS[code]
    if (details.exitCode !== undefined) this.exitCode = details.exitCode
  }

  /** The same error in other words. */
  withMessage(message: string): BuildError {
    const { code, fault, exitCode, cause } = this
    return new BuildError(code, message, { fault, cause, ...(exitCode === undefined ? {} : { exitCode }) })
  }
}
