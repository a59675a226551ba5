import { load } from 'js-yaml'

import type { KanikoFork } from '../../packages/builder/src/engines/kaniko/unsupported.js'

export const FORKS = ['chainguard', 'osscontainertools', 'google'] as const satisfies readonly KanikoFork[]

/** What becomes of a case on one fork of Kaniko. */
export interface Verdict {
  readonly kind: 'same' | 'rewritten' | 'warned' | 'refused' | 'different' | 'fails'
  /**
   * For `warned`, `refused` and `fails` a pattern of what is said. For `different` the reason for which the difference is
   * left.
   */
  readonly says: string
  /** What differs: paths, or names of the configuration; `*` stands for anything. */
  readonly at: readonly string[]
  /** For `different` a pattern of what the log says of it; without one, nothing is said. */
  readonly warned?: string
}

/** What is expected of each fork; without an entry, the image is the same. */
export type Expectation = Readonly<Partial<Record<KanikoFork, Verdict>>>

const PLAIN = ['same', 'rewritten'] as const
const WITH_WORDS = ['warned', 'refused', 'different', 'fails'] as const

/** @param text YAML: one verdict, or one for each fork */
export function readExpectation(text: string, name: string): Expectation {
  if (text.trim() === '') return {}
  const found: unknown = load(text)
  const byFork = isRecord(found) && Object.keys(found).every(key => FORKS.some(fork => fork === key))
  const entries = byFork ? Object.entries(found) : FORKS.map(fork => [fork, found] as const)
  return Object.fromEntries(entries.map(([fork, verdict]) => [fork, readVerdict(verdict, name)]))
}

function readVerdict(found: unknown, name: string): Verdict {
  const plain = PLAIN.find(kind => kind === found)
  if (plain !== undefined) return { kind: plain, says: '', at: [] }
  if (isRecord(found)) {
    const { at = [], ...words } = found
    const kind = WITH_WORDS.find(word => word in words && !(word === 'warned' && 'different' in words))
    const says = kind === undefined ? undefined : words[kind]
    const warned = kind === 'different' ? words['warned'] : undefined
    const isKnown = Object.keys(words).every(key => key === kind || (key === 'warned' && kind === 'different'))
    const isList = Array.isArray(at) && at.every(entry => typeof entry === 'string')
    if (kind !== undefined && typeof says === 'string' && isKnown && isList) {
      return { kind, says, at, ...(typeof warned === 'string' ? { warned } : {}) }
    }
  }
  throw new Error(`the section expect of ${name} says ${JSON.stringify(found)}, which is no verdict`)
}

function isRecord(found: unknown): found is Readonly<Record<string, unknown>> {
  return typeof found === 'object' && found !== null && !Array.isArray(found)
}
