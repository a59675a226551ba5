import type { Fault } from './fault.js'
import type { PodProblem } from './pod-problem.js'

/**
 * Everything that can go wrong between the hook and the cluster.
 *
 * - `NO_CREDENTIALS` no token or certificate, or the API server does not accept it
 * - `UNREACHABLE` no answer from the API server; a command or request surely has not begun
 * - `FORBIDDEN` the role lacks a verb
 * - `NOT_FOUND` the API server has no such object
 * - `CONFLICT` an object of that name is there already, or somebody changed it meanwhile
 * - `INVALID` the API server does not accept the object as it is written
 * - `API` any other answer of the API server that is no success
 * - `ADMISSION` PodSecurity, a policy or a webhook refused the object
 * - `QUOTA` the namespace's quota is used up
 * - `STREAM_LOST` a stream broke; the command in the container may have begun and may still run
 * - `EXEC_FAILED` the command could not be started, or it ended before it took its standard input
 * - `POD_FAILED` the pod cannot start or has vanished
 * - `TIMEOUT` something did not happen within the hook's own limit
 * - `ABORTED` the step was cancelled meanwhile
 */
export type KubeErrorCode =
  | 'NO_CREDENTIALS'
  | 'UNREACHABLE'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'INVALID'
  | 'ADMISSION'
  | 'QUOTA'
  | 'API'
  | 'STREAM_LOST'
  | 'EXEC_FAILED'
  | 'POD_FAILED'
  | 'TIMEOUT'
  | 'ABORTED'

export interface KubeErrorDetails {
  /** Who has to act; each code has a default. */
  readonly fault?: Fault
  /** HTTP status of the answer. */
  readonly status?: number
  /** `reason` of the server's Status object, or of the pod problem. */
  readonly reason?: string
  /** The problem of a `POD_FAILED` or `TIMEOUT`. */
  readonly problem?: PodProblem
  /** When the server wants to be asked again. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

const FAULTS: Readonly<Record<KubeErrorCode, Fault>> = {
  NO_CREDENTIALS: 'configuration',
  UNREACHABLE: 'cluster',
  FORBIDDEN: 'configuration',
  NOT_FOUND: 'cluster',
  CONFLICT: 'cluster',
  INVALID: 'configuration',
  ADMISSION: 'configuration',
  QUOTA: 'cluster',
  API: 'cluster',
  STREAM_LOST: 'cluster',
  EXEC_FAILED: 'cluster',
  POD_FAILED: 'cluster',
  TIMEOUT: 'cluster',
  ABORTED: 'user'
}

/** The one error of this package. Its message says which object, what the server said, and what to do next. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  readonly code: KubeErrorCode
  readonly fault: Fault
  readonly status?: number
  readonly reason?: string
  readonly problem?: PodProblem
  readonly retryAfterMs?: number

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = details.fault ?? details.problem?.fault ?? FAULTS[code]
    const reason = details.reason ?? details.problem?.reason
    if (details.status !== undefined) this.status = details.status
    if (reason !== undefined) this.reason = reason
    if (details.problem !== undefined) this.problem = details.problem
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
  }
}

/** Narrows an unknown error to a KubeError, with one of the codes when some are given. */
export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code))
}
