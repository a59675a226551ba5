import type { Fault } from '@kaniko-hooks/kube'

/**
 * What the hook itself finds wrong. A closed union: operators search their log lines for these words.
 *
 * - `INPUT`: the runner or the workflow asked for something that cannot be done as it is written
 * - `SETTING`: a setting, or a Secret that the settings name, cannot be used
 * - `TEMPLATE`: the hook template cannot be used
 * - `UNSUPPORTED`: Kubernetes or this mode does not have what was asked for
 * - `JOB_CONTAINER`: the image of the job's container lacks what script steps need, or its shell hangs
 * - `STEP_LOST`: nobody can tell any more how a step ended, or nobody followed it for too long
 * - `SPOOL`: the step's output could not be kept while it was on its way
 * - `POD_FAILED`: a pod cannot start, has vanished, or was ended by somebody else
 * - `WORKSPACE`: files could not cross between the runner and a pod
 * - `CANCELLED`: the runner cancelled the step
 */
export type HookErrorCode =
  | 'INPUT'
  | 'SETTING'
  | 'TEMPLATE'
  | 'UNSUPPORTED'
  | 'JOB_CONTAINER'
  | 'STEP_LOST'
  | 'SPOOL'
  | 'POD_FAILED'
  | 'WORKSPACE'
  | 'CANCELLED'

const FAULTS: Readonly<Record<HookErrorCode, Fault>> = {
  INPUT: 'user',
  SETTING: 'configuration',
  TEMPLATE: 'configuration',
  UNSUPPORTED: 'user',
  JOB_CONTAINER: 'user',
  STEP_LOST: 'cluster',
  SPOOL: 'cluster',
  POD_FAILED: 'cluster',
  WORKSPACE: 'cluster',
  CANCELLED: 'user'
}

/**
 * A failure that the hook itself found. Its message is one or two sentences: what failed, on which object, what the
 * server said, what to do next.
 */
export class HookError extends Error {
  override readonly name = 'HookError'
  readonly code: HookErrorCode
  readonly fault: Fault

  constructor(
    code: HookErrorCode,
    message: string,
    details: { readonly fault?: Fault; readonly cause?: unknown } = {}
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = details.fault ?? FAULTS[code]
  }
}

const PREFIX: Readonly<Record<Fault, string>> = {
  user: '',
  configuration: 'Runner configuration: ',
  cluster: 'Cluster: '
}

/** A known failure: the errors of all packages have a fault and a code; a bug of ours has no fault. */
function known(error: unknown): { fault: Fault; code: string } | undefined {
  if (!(error instanceof Error)) return undefined
  const { fault, code } = error as { fault?: unknown; code?: unknown }
  const ours = typeof code === 'string' && typeof fault === 'string' && fault in PREFIX
  return ours ? { fault: fault as Fault, code } : undefined
}

/** The code that operators search for: the error's own, or `INTERNAL` for what nobody foresaw. */
export function codeOf(error: unknown): string {
  return known(error)?.code ?? 'INTERNAL'
}

/**
 * The one sentence that a person reads: whose fault, and the message. Registered secrets are blotted out here, the one
 * place where messages are composed.
 *
 * @param secrets values that must never be printed
 */
export function describe(error: unknown, secrets: readonly string[] = []): string {
  const message = messageOf(error)
  const fault = known(error)?.fault
  const text =
    fault === undefined ? `Kaniko Hooks failed unexpectedly, please report this: ${message}` : PREFIX[fault] + message
  return redact(text, secrets)
}

/** Replaces every secret in a text, the longest first, so that no part of one stays behind. */
export function redact(text: string, secrets: readonly string[]): string {
  const worth = secrets.filter(secret => secret.length >= 3).sort((a, b) => b.length - a.length)
  return worth.reduce((result, secret) => result.replaceAll(secret, '***'), text)
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
