import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { chooseCluster } from '../harness/choose-cluster.js'
import { createNamespace } from '../harness/namespace.js'
import { attempt } from './attempt.js'
import { startSurroundings } from './bases.js'
import { readCorpus, type Case } from './corpus.js'
import { FORKS } from './expectation.js'
import { readExpected, writeExpected } from './expected.js'
import { judge } from './judge.js'
import { judgeOutcome, type Judgement } from './outcome.js'
import { writeResults } from './results.js'
import { table, TABLE_FILE } from './table.js'

/** Builds the corpus of Dockerfiles by a line of Kaniko, or by BuildKit to record what is right. */
async function corpus(): Promise<boolean> {
  const { values: options } = parseArgs({
    options: {
      judge: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      'kaniko-image': { type: 'string' },
      line: { type: 'string', default: 'chainguard' },
      cluster: { type: 'string' },
      verbose: { type: 'boolean', default: false }
    }
  })
  const fork = FORKS.find(name => name === options.line)
  if (fork === undefined) throw new Error(`--line takes ${FORKS.join(', ')}, not "${options.line}".`)
  const all = readCorpus()
  if (options.table) {
    await writeFile(TABLE_FILE, await table(all))
    return true
  }
  const cases = all.filter(({ name }) => new RegExp(options.only).test(name))
  const { cluster, release } = await chooseCluster(options.cluster, false, say)
  const namespace = await createNamespace(cluster, 'corpus', options.judge ? 'privileged' : 'baseline')
  try {
    const surroundings = await startSurroundings(cluster, namespace.name)
    if (options.judge) {
      const judged = cases.filter(isJudged)
      for (const [name, expected] of await judge(cluster, namespace.name, judged, surroundings, say)) {
        writeExpected(name, expected)
        say('fails' in expected ? `${name}: Docker fails: ${expected.fails}` : `${name}: recorded`)
      }
      return true
    }
    const image = options['kaniko-image'] ?? cluster.images.kaniko
    const outcomes = await attempt(cluster, namespace.name, cases, { fork, image }, surroundings)
    const counts = new Map<string, number>()
    const judgements = new Map<string, Judgement>()
    let faulty = 0
    for (const { name, expectation } of cases) {
      const outcome = outcomes.get(name)
      if (outcome === undefined) throw new Error(`there is no result of ${name}`)
      const judgement = judgeOutcome(outcome, readExpected(name), expectation[fork])
      const { kind, faults } = judgement
      judgements.set(name, judgement)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (faults.length > 0) {
        faulty += 1
        say(`${name}: ${faults.join('\n    ')}`)
      } else if (options.verbose) say(`${name}: ${kind}, as expected`)
      if (options.verbose && outcome.kind === 'failed') say(outcome.log.trimEnd().split('\n').slice(-8).join('\n'))
    }
    const names = all.map(({ name }) => name)
    writeResults(fork, image, judgements, names)
    const totals = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
    say(`${cases.length} cases on ${fork}, ${image}: ${totals}; ${faulty} not as expected`)
    return faulty === 0
  } finally {
    await namespace.delete()
    await release()
  }
}

/** Nobody serves git to the judge. */
function isJudged({ files, prepare }: Case): boolean {
  return ![prepare, ...Object.values(files)].some(text => text.includes('@GIT@'))
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

corpus().then(
  ok => (process.exitCode = ok ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
)
