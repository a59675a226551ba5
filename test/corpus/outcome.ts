import type { Finding, Prepared } from '../../packages/builder/src/index.js'
import type { Context } from '../../packages/builder/src/index.js'
import { compare, names, sentence, type Difference } from './difference.js'
import type { Verdict } from './expectation.js'
import type { Expected } from './expected.js'
import type { Snapshot } from './snapshot.js'

/** What the product and a fork of Kaniko made of a case. */
export type Outcome =
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  | { readonly kind: 'failed'; readonly log: string }
  | {
      readonly kind: 'built'
      readonly image: Snapshot
      readonly warnings: readonly string[]
      /** Whether what was sent is not what the author wrote. */
      readonly isRewritten: boolean
    }

/** What a judgement comes to. */
export interface Judgement {
  /** As in the table: `same`, `rewritten`, `refused`, … */
  readonly kind: Verdict['kind']
  /** What is not as expected, one line each; none when all is. */
  readonly faults: readonly string[]
  /** What differs from Docker's image, known or not. */
  readonly differences: readonly Difference[]
}

const SAME: Verdict = { kind: 'same', says: '', at: [] }

/**
 * Holds what was made against Docker's image, and that against what is expected of the fork.
 *
 * @param expected Docker's image; none where no judge can build it
 * @param verdict none where nothing is said of the fork
 */
export function judgeOutcome(
  outcome: Outcome,
  expected: Expected | undefined,
  verdict: Verdict | undefined
): Judgement {
  const { kind, says, at, warned } = verdict ?? SAME
  const seen = classify(outcome, expected)
  const unknown = seen.differences.filter(difference => !at.some(known => names(known, difference)))
  const vanished = at.filter(known => !seen.differences.some(difference => names(known, difference)))
  const result = (...faults: readonly string[]): Judgement => ({
    kind: seen.kind,
    faults,
    differences: seen.differences
  })
  // Who says nothing of a fork says that the image is the same, however that is reached.
  if (seen.kind !== kind && !(kind === 'same' && seen.kind === 'rewritten' && verdict === undefined)) {
    const shown = unknown.slice(0, 8).map(sentence)
    const more = unknown.length > shown.length ? [`and ${unknown.length - shown.length} more`] : []
    const last = seen.says.trim().split('\n').at(-1) ?? ''
    return result(`${seen.kind}, expected ${kind}${last === '' ? '' : `: ${last}`}`, ...shown, ...more)
  }
  const faults = [
    ...(kind === 'different' ? unknown.map(sentence) : []),
    ...(kind === 'different' ? vanished.map(known => `${known} no longer differs`) : []),
    ...(warned !== undefined && !new RegExp(warned, 's').test(seen.says)
      ? [`the log says ${JSON.stringify(seen.says.slice(0, 300))}, expected was ${warned}`]
      : []),
    ...(kind !== 'different' && says !== '' && !new RegExp(says, 's').test(seen.says)
      ? [`it says ${JSON.stringify(seen.says.slice(0, 300))}, expected was ${says}`]
      : [])
  ]
  return result(...faults)
}

/** How it ended, and what was said, as far as it decides. */
function classify(
  outcome: Outcome,
  expected: Expected | undefined
): { readonly kind: Verdict['kind']; readonly says: string; readonly differences: readonly Difference[] } {
  if (outcome.kind === 'refused') return { kind: 'refused', says: outcome.problems.join('\n'), differences: [] }
  if (outcome.kind === 'failed') return { kind: 'fails', says: outcome.log, differences: [] }
  const { image, warnings, isRewritten } = outcome
  if (expected === undefined || 'fails' in expected) {
    const why = expected === undefined ? 'nothing is recorded' : `Docker fails: ${expected.fails}`
    return { kind: 'different', says: why, differences: [{ what: 'image', expected: why, actual: 'an image' }] }
  }
  const differences = compare(expected, image)
  if (differences.length > 0) return { kind: 'different', says: warnings.join('\n'), differences }
  if (warnings.length > 0) return { kind: 'warned', says: warnings.join('\n'), differences }
  return { kind: isRewritten ? 'rewritten' : 'same', says: '', differences }
}

/** A finding as a user reads it. */
export function problemOf({ line, problem }: Finding): string {
  return `line ${line}: ${problem}`
}

/** Whether the product sends something else than what the author wrote, his own arguments included. */
export function differs(context: Context, given: Readonly<Record<string, string>>, prepared: Prepared): boolean {
  const text = (value: unknown): string => JSON.stringify(value)
  return (
    prepared.context.dockerfileText !== context.dockerfileText ||
    text(prepared.context.entries) !== text(context.entries) ||
    text(prepared.buildArgs) !== text(given)
  )
}
