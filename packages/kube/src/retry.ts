import { setTimeout as sleep } from 'node:timers/promises'
import { KubeError } from './errors.js'
import type { Outage } from './outage.js'

/**
 * How long a failed try is worth repeating: `outage` as long as an API outage is waited for, `briefly` for a failure
 * that is as likely to stay, `never` for an answer that will not change.
 */
export type RetryVerdict = 'outage' | 'briefly' | 'never'

/** What a request is about: something that it makes, or what is there already. */
export type RequestKind = 'create' | 'existing'

const BRIEF_MS = 5_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000

/**
 * Judges by status and code and by the kind of the request, never by the text. Whether a request may be repeated at all
 * (it reads, or it is idempotent) is for the caller to know.
 */
export function retryVerdict(error: unknown, kind: RequestKind = 'existing'): RetryVerdict {
  if (!(error instanceof KubeError)) return 'never'
  switch (error.status) {
    case undefined:
      // A certificate that does not fit is the configuration's fault and stays so.
      return error.code === 'UNREACHABLE' && error.fault === 'cluster' ? 'outage' : 'never'
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return 'outage'
    case 500:
      // What is there has been reached before: etcd has no leader, or the node's kubelet is away. For what is new, a
      // webhook that is broken for good looks the same as one that restarts.
      return kind === 'existing' ? 'outage' : 'briefly'
    case 401: // The mounted token may just have been replaced.
      return 'briefly'
    case 409:
      // Not "already exists": two writers met, mostly at the namespace's quota, and the server asks to try again.
      return error.reason === 'Conflict' ? 'briefly' : 'never'
    default:
      return 'never'
  }
}

/** The pause before try number `attempt` (1 is the first repetition): doubled each time, spread by half. */
export function backOffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return full * (0.5 + random / 2)
}

export interface RetryOptions {
  /** The time for `outage`, from the first failure on. Asked at each failure: it grows after the first contact. */
  readonly budgetMs: () => number
  readonly signal?: AbortSignal | undefined
  readonly verdict?: (error: unknown) => RetryVerdict
  /**
   * Asked at each failure for a shorter time than the budget, in milliseconds from the first failure on; throws when
   * there is nothing to wait for.
   */
  readonly outlook?: ((error: KubeError, number: number) => Promise<number | undefined>) | undefined
  readonly onRetry?: ((why: string) => void) | undefined
  /** Told of what lasts; `what` as in "Could not …". */
  readonly outage?: { readonly told: Outage; readonly what: string } | undefined
}

/** Repeats `attempt` (it is given its number, from 0) until it succeeds or its failure is final. */
export async function withRetry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { budgetMs, signal, verdict = retryVerdict, outlook, onRetry, outage } = options
  let firstFailure: number | undefined
  let over: ((isAnswered: boolean) => void) | undefined
  let isAnswered = false
  try {
    for (let number = 0; ; number += 1) {
      throwIfAborted(signal)
      try {
        const result = await attempt(number)
        isAnswered = true
        return result
      } catch (error) {
        throwIfAborted(signal)
        const judged = verdict(error)
        if (judged === 'never' || !(error instanceof KubeError)) throw error
        const now = performance.now()
        firstFailure ??= now
        const limitMs = Math.min(
          judged === 'briefly' ? BRIEF_MS : Infinity,
          (await outlook?.(error, number)) ?? Infinity,
          budgetMs()
        )
        const delay = Math.max(backOffMs(number + 1, Math.random()), error.retryAfterMs ?? 0)
        if (now + delay > firstFailure + limitMs) throw error
        over ??= outage?.told.begin(outage.what, error, limitMs)
        onRetry?.(`${error.message} Trying again in ${(delay / 1000).toFixed(1)} s.`)
        await pause(delay, signal)
      }
    }
  } finally {
    over?.(isAnswered)
  }
}

/** Sleeps; throws a KubeError ABORTED when the signal ends it. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    throwIfAborted(signal)
    throw error
  }
}

/** Throws a KubeError ABORTED when the signal was triggered; its reason is the cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal)
}

/** The error for a triggered signal. */
export function abortedError(signal: AbortSignal): KubeError {
  return new KubeError('ABORTED', 'The request was cancelled.', { cause: signal.reason })
}
