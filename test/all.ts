import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Cluster } from './harness/cluster/index.js'
import { chooseCluster } from './harness/choose-cluster.js'

const ROOT = join(import.meta.dirname, '..')

/**
 * End-to-end tests run in two rows beside each other, each file after the other: half of the time a job waits. These
 * are one row: all that has registries of its own (connectors share a driver, which one of the tests takes away), and some
 * more, so that both rows take equally long.
 */
const FIRST_ROW =
  'e2e/(action/|client/|destinations/|jobs/(cases|docker|judge)|security/canaries|images/reuse)|faults/(cannot-start|registry|orphan)'

/**
 * Left to `npm run test:long`: the stand-ins' own tests, and what breaks the same thing in many ways. Which variants of the other
 * files are left to it, `variants` says there.
 */
const LONG =
  'faults/(restarts|big-log)|destinations/(connector-(command|driver|emulator|harbor|seed)|registries)|images/parser|jobs/docker'

/** What takes parts of the cluster away runs when nobody else needs them, and so does what has ten seconds to end. */
const RESTARTS = 'faults/restarts'
/** The API server has to reach this process. */
const WEBHOOKS = 'jobs/injected-sidecars'
const ALONE = `faults/cancel|${RESTARTS}`

interface JestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numRuntimeErrorTestSuites: number
}

interface Count {
  readonly passed: number
  readonly failed: number
}

/**
 * Runs the static checks, the unit tests, and the end-to-end tests on a real cluster that it brings up: with `--long` all
 * that there are, which takes hours; with `--no-cluster` none. The last line counts them.
 */
async function all(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      cluster: { type: 'string' },
      long: { type: 'boolean', default: false },
      'no-cluster': { type: 'boolean', default: false }
    }
  })
  if (values.long) process.env['TEST_LENGTH'] = 'long'
  const counts = [...(await checkStatically()), await jest('unit', [])]
  if (!values['no-cluster']) {
    const { cluster, release } = await chooseCluster(values.cluster, values.keep, say)
    try {
      counts.push(...(await tryOn(cluster, values.long)))
    } finally {
      await release()
    }
  }
  const [passed, failed] = [sum(counts.map(count => count.passed)), sum(counts.map(count => count.failed))]
  say(`${passed} passed, ${failed} failed`)
  return failed === 0
}

/** Lint takes as long as the other checks together, so both run side by side. */
async function checkStatically(): Promise<Count[]> {
  const rows = [['check:lint'], ['check:format', 'check:types', 'check:unused', 'build']].map(async names => {
    const counts: Count[] = []
    for (const name of names) {
      const ok = await timed(name, async () => (await run('npm', ['run', '--silent', name])) === 0)
      counts.push({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 })
    }
    return counts
  })
  return (await Promise.all(rows)).flat()
}

/** The end-to-end tests: two rows beside each other, and then what has to be alone. */
async function tryOn(cluster: Cluster, long: boolean): Promise<Count[]> {
  const without = long ? [] : ['--testPathIgnorePatterns', LONG]
  const row = async (...options: readonly string[]): Promise<Count> =>
    jest('e2e', ['--runInBand', ...without, ...options])
  const rows = [
    row('--testPathPatterns', FIRST_ROW),
    row('--testPathIgnorePatterns', FIRST_ROW, '--testPathIgnorePatterns', ALONE)
  ]
  // The cluster is not taken away from one because of the other.
  const settled = await Promise.allSettled(rows)
  // Somebody else's cluster stays whole.
  const spared = cluster.owned ? [] : ['--testPathIgnorePatterns', `${RESTARTS}|${WEBHOOKS}`]
  settled.push(...(await Promise.allSettled([row('--testPathPatterns', ALONE, ...spared)])))
  return settled.map(each => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Runs a Jest project. A suite that could not even be loaded is a failure, and so is one without a test. */
async function jest(project: string, args: readonly string[]): Promise<Count> {
  const directory = await mkdtemp(join(tmpdir(), 'jest-'))
  try {
    const file = join(directory, 'report.json')
    await run(process.execPath, [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join('node_modules', 'jest', 'bin', 'jest.js'),
      ...['--selectProjects', project, '--json', '--outputFile', file, ...args]
    ])
    const report = JSON.parse(await readFile(file, 'utf8')) as JestReport
    const broken = report.numRuntimeErrorTestSuites + report.numPendingTests
    const none = report.numPassedTests + report.numFailedTests === 0 ? 1 : 0
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken + none }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs a command; its output is this program's, but for Jest's report on stdout. */
async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', args.includes('--json') ? 'ignore' : 'inherit', 'inherit']
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 1))
  })
}

async function timed(name: string, body: () => Promise<boolean>): Promise<boolean> {
  const start = Date.now()
  const ok = await body()
  say(`${ok ? 'ok' : 'FAILED'}  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
  return ok
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

all().then(
  ok => (process.exitCode = ok ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
)
