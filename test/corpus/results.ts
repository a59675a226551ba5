import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { KanikoFork } from '../../packages/builder/src/engines/kaniko/unsupported.js'
import { CORPUS } from './corpus.js'
import type { Judgement } from './outcome.js'

/** What the last run on a line of Kaniko came to. */
export interface Results {
  /** Kaniko's. */
  readonly image: string
  /** By case: the kind, and what differs. */
  readonly cases: Readonly<Record<string, Result>>
}

/** What became of a case: a kind, and for a different image what differs. */
export type Result = readonly [kind: Judgement['kind'], ...differences: string[]]

/** Differences of one case that are kept; a thousand of them say no more. */
const KEPT = 12

/** The recorded results of a line, if it was ever built. */
export function readResults(fork: KanikoFork): Results | undefined {
  const file = fileOf(fork)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined
}

/**
 * Records what some cases came to; what was recorded of others by the same image stays.
 *
 * @param names all cases that there are
 */
export function writeResults(
  fork: KanikoFork,
  image: string,
  judgements: ReadonlyMap<string, Judgement>,
  names: readonly string[]
): void {
  const before = readResults(fork)
  const kept = before?.image === image ? before.cases : {}
  const fresh = [...judgements].map(([name, { kind, differences }]): readonly [string, Result] => {
    const what = differences.map(difference => difference.what)
    return [name, [kind, ...what.slice(0, KEPT), ...(what.length > KEPT ? ['…'] : [])]]
  })
  const cases = { ...kept, ...Object.fromEntries(fresh) }
  const lines = Object.entries(cases)
    .filter(([name]) => names.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, result]) => `    ${JSON.stringify(name)}: ${JSON.stringify(result)}`)
  mkdirSync(dirname(fileOf(fork)), { recursive: true })
  writeFileSync(fileOf(fork), `{\n  "image": ${JSON.stringify(image)},\n  "cases": {\n${lines.join(',\n')}\n  }\n}\n`)
}

function fileOf(fork: KanikoFork): string {
  return join(CORPUS, 'results', `${fork}.json`)
}
