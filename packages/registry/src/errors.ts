/**
 * What went wrong with a registry. A closed union: callers switch over it.
 *
 * - `INVALID_REFERENCE`: a text is no image reference
 * - `BAD_CREDENTIALS`: a docker `config.json` or a credential that cannot be used as it is written
 * - `BAD_CERTIFICATE`: a text that holds no PEM certificate where one was given
 * - `UNREACHABLE`: no connection (name not found, refused, timed out, TLS)
 * - `UNAUTHORIZED`: the registry or its token service answered 401, or asks for a credential in a way that cannot be
 *   answered, or that would give the credential away
 * - `DENIED`: the registry or its token service answered 403
 * - `NOT_FOUND`: 404 where something had to exist
 * - `UNSUPPORTED`: 400 or 405, the registry does not offer the operation
 * - `RATE_LIMITED`: 429 after all tries
 * - `SERVER`: 5xx after all tries
 * - `PROTOCOL`: an answer that the distribution specification does not allow
 * - `ABORTED`: the step was cancelled meanwhile
 */
export type RegistryErrorCode =
  | 'INVALID_REFERENCE'
  | 'BAD_CREDENTIALS'
  | 'BAD_CERTIFICATE'
  | 'UNREACHABLE'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'NOT_FOUND'
  | 'UNSUPPORTED'
  | 'RATE_LIMITED'
  | 'SERVER'
  | 'PROTOCOL'
  | 'ABORTED'

/** Who has to act: whoever configured the runners, or whoever runs the registry. */
const FAULTS: Readonly<Record<RegistryErrorCode, 'user' | 'configuration' | 'cluster'>> = {
  INVALID_REFERENCE: 'configuration',
  BAD_CREDENTIALS: 'configuration',
  BAD_CERTIFICATE: 'configuration',
  UNREACHABLE: 'configuration',
  UNAUTHORIZED: 'configuration',
  DENIED: 'configuration',
  NOT_FOUND: 'configuration',
  UNSUPPORTED: 'configuration',
  RATE_LIMITED: 'cluster',
  SERVER: 'cluster',
  PROTOCOL: 'cluster',
  ABORTED: 'user'
}

/** One entry of a registry's error body (OCI distribution specification, "Error Codes"), without our secrets. */
export interface RegistryProblem {
  readonly code: string
  readonly message: string
}

/** The only error that this package throws. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: RegistryErrorCode
  readonly fault: 'user' | 'configuration' | 'cluster'
  /** HTTP status of the answer; absent when there was none. */
  readonly status?: number
  /** What the registry's error body said. */
  readonly problems: readonly RegistryProblem[]
  /** False when another try may not find the same, such as a timeout: the name may exist, the route may be slow. */
  readonly definite: boolean

  constructor(
    code: RegistryErrorCode,
    message: string,
    details: { status?: number; problems?: readonly RegistryProblem[]; definite?: boolean; cause?: unknown } = {}
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = FAULTS[code]
    this.problems = details.problems ?? []
    this.definite = details.definite ?? true
    if (details.status !== undefined) this.status = details.status
  }
}
