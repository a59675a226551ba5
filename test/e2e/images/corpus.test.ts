import { beforeAll, expect, test } from '@jest/globals'

import { attempt } from '../../corpus/attempt.js'
import { startSurroundings } from '../../corpus/bases.js'
import { readCorpus, type Case } from '../../corpus/corpus.js'
import { readExpected } from '../../corpus/expected.js'
import { judgeOutcome, type Outcome } from '../../corpus/outcome.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const suite = new Suite('corpus')

/** Some seconds for each. */
const BUILD_MS = 3_600_000

const corpus = readCorpus()

/** That of the cluster's Kaniko. */
const FORK = 'chainguard'

/** What is rewritten most, beside one of each construct. */
const ALWAYS = [
  'heredoc-run-quoted',
  'heredoc-run-shebang-quoted',
  'heredoc-shell',
  'escape-directive',
  'volume-then-change'
]

/** Those that are built at all, on the small base: Debian takes Kaniko three times as long. */
const quick = corpus.filter(
  ({ expectation, files }) => expectation[FORK]?.kind !== 'refused' && files['Dockerfile']?.includes('debian') === false
)
const chosen = corpus.filter(one => quick.find(({ group }) => group === one.group) === one || ALWAYS.includes(one.name))
const cases = variants<Case>(
  chosen,
  corpus.filter(one => !chosen.includes(one))
)

let outcomes: ReadonlyMap<string, Outcome>

beforeAll(async () => {
  const { cluster, namespace } = suite
  const surroundings = await startSurroundings(cluster, namespace)
  const line = { fork: FORK, image: cluster.images.kaniko } as const
  outcomes = await attempt(cluster, namespace, cases, line, surroundings)
}, BUILD_MS)

test.each(cases.map(one => [one.name, one.what, one] as const))('%s: %s', (name, _, { expectation }) => {
  const outcome = outcomes.get(name)
  if (outcome === undefined) throw new Error('it was not built')
  expect(judgeOutcome(outcome, readExpected(name), expectation[FORK]).faults).toEqual([])
})
