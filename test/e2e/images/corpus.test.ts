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
/** Of each file of the corpus the first of every five: each kind of instruction is among them. */
const fifth = corpus.filter(one => corpus.filter(({ group }) => group === one.group).indexOf(one) % 5 === 0)
const cases = variants<Case>(
  fifth,
  corpus.filter(one => !fifth.includes(one))
)

/** The line that the cluster's Kaniko is of. */
const FORK = 'chainguard'

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
