/**
 * What went wrong in the stand-in runner.
 * USAGE: bad command line; WORKFLOW: bad workflow or action file; EXPRESSION: an expression failed;
 * ACTION: an action cannot be loaded; HOOK: the hook failed or answered badly; DOCKER: Docker did; CANCELED: the step was
 * interrupted.
 */
export type RunnerErrorCode = 'USAGE' | 'WORKFLOW' | 'EXPRESSION' | 'ACTION' | 'HOOK' | 'DOCKER' | 'CANCELED'

/** The one error class of this room; `cause` is kept. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError'
  readonly code: RunnerErrorCode

  constructor(code: RunnerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The sentence of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
