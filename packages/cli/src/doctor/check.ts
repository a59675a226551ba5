import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Finding, wordsOf } from './finding.js'

/** A question to a cluster, a registry or a file. */
export interface Check {
  /** The check of its finding when nothing else is found: because of an error, or of the time. */
  readonly name: string
  readonly limitMs: number
  readonly ask: (signal: AbortSignal) => Promise<readonly Finding[]>
}

/**
 * Asks everything side by side. A question that fails, or takes longer than its time, is a finding of its own and keeps no other
 * one from its answer.
 *
 * @returns the findings, in the order of the checks
 */
export async function askAll(checks: readonly Check[], signal: AbortSignal): Promise<readonly Finding[]> {
  // Each request listens for it, and there are many at once.
  setMaxListeners(0, signal)
  return (await Promise.all(checks.map(async check => ask(check, signal)))).flat()
}

async function ask({ name, limitMs, ask: question }: Check, signal: AbortSignal): Promise<readonly Finding[]> {
  const over = new AbortController()
  const late = AbortSignal.any([signal, over.signal])
  setMaxListeners(0, late)
  const answered = new AbortController()
  const timer = async (): Promise<readonly Finding[]> => {
    await sleep(limitMs, undefined, { signal: AbortSignal.any([signal, answered.signal]) }).catch(() => undefined)
    const why = signal.aborted ? 'was interrupted' : `was not answered in ${limitMs / 1000} s`
    return [{ check: name, state: 'unknown', says: `The question ${why}.` }]
  }
  try {
    return await Promise.race([question(late), timer()])
  } catch (error) {
    return [{ check: name, state: 'unknown', says: wordsOf(error) }]
  } finally {
    answered.abort()
    // Only now: what the question says of its own end would be no answer.
    over.abort()
  }
}
