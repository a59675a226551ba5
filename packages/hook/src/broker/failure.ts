import { BuildError } from '@kaniko-hooks/builder'
import type { WrittenAnswer } from '@kaniko-hooks/broker'

import { codeOf, describe, HookError, redact } from '../report/errors.js'

/** What a step hears of a build that came to nothing. No value of a secret is in it. */
export function failureOf(error: unknown, secrets: readonly string[]): WrittenAnswer {
  const { fault } = error as { readonly fault?: 'user' | 'configuration' | 'cluster' }
  const isKnown = error instanceof HookError || error instanceof BuildError || fault !== undefined
  return {
    version: 1,
    outcome: 'failed',
    fault: isKnown ? (fault ?? 'cluster') : 'cluster',
    code: codeOf(error),
    problems: [describe(error, secrets)],
    ...(error instanceof BuildError &&
      error.at !== undefined && { at: error.inWords(text => redact(text, secrets)).at })
  }
}

/** What a step hears of a request that cannot be used. */
export function refusalOf(problems: readonly string[]): WrittenAnswer {
  return { version: 1, outcome: 'failed', fault: 'user', code: 'REQUEST_REFUSED', problems: [...problems] }
}
