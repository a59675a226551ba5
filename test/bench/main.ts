import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { buildHook, buildRunner } from '../../scripts/build.js'
import type { Cluster } from '../harness/cluster/index.js'
import { chooseCluster } from '../harness/choose-cluster.js'
import type { Mode } from '../harness/runner-pod.js'
import { latencyTable, type SlowSample } from './latency-table.js'
import { ROWS, TRACED, type Assignment, type Row, type Sample } from './rows.js'
import { measureScale } from './scale.js'
import { SlowWay } from './slow-way.js'
import { onStage, type StageOptions } from './stage.js'
import { isWhole, tables } from './table.js'
import { Trace } from './trace.js'
import { requestLines, type TracedCall } from './traced-call.js'

const HOOK = join(import.meta.dirname, '..', '..', 'dist', 'hook', 'index.js')
const MAX_HOOK_BYTES = 524_000
/** They are measured together. */
const ROWS_OF_WAYS = (['remote', 'connector', 'forward'] as const).flatMap(
  way => [`dockerfile-${way}`, `again-${way}`] as const
)

/**
 * Measures what the hook costs beside the least that is possible, in runner pods on a real cluster. Both are measured in
 * turn in one run, so that their ratio means something on a machine that is busy with other things too.
 */
async function bench(): Promise<number> {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string' },
      runs: { type: 'string', default: '6' },
      large: { type: 'boolean', default: false },
      samples: { type: 'string' },
      only: { type: 'string' },
      hook: { type: 'string' },
      latency: { type: 'string' },
      watch: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      scale: { type: 'string' },
      cluster: { type: 'string' }
    }
  })
  const modes = modesOf(values.mode)
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a number, not "${values.runs}".`)
  const extent = { runs, large: values.large, ...(values.only === undefined ? {} : { only: rowsOf(values.only) }) }
  const delays = values.latency === undefined ? undefined : delaysOf(values.latency)
  const { hook, watch: watches } = values
  await Promise.all([buildHook(), buildRunner()])
  const { cluster, release } = await chooseCluster(values.cluster, false, say)
  const all: Record<string, readonly object[]> = {}
  let isSound = true
  try {
    const { size } = await stat(hook ?? HOOK)
    const budget = hook === undefined ? ` (budget ${MAX_HOOK_BYTES}: ${size <= MAX_HOOK_BYTES ? 'ok' : 'over'})` : ''
    say(`${hook ?? 'dist/hook/index.js'} has ${size} bytes${budget}.`)
    for (const mode of modes) {
      const start = Date.now()
      const stage = { mode, hook, watches }
      const { samples, lines, left, isGood } = values.trace
        ? await trace(cluster, stage, extent)
        : values.scale !== undefined
          ? await measureScale(cluster, stage, Number(values.scale))
          : delays === undefined
            ? await measure(cluster, stage, extent)
            : await measureSlow(cluster, stage, runs, delays)
      const seconds = Math.round((Date.now() - start) / 1000)
      all[mode] = samples
      say(`\n${mode}: medians of a run of ${seconds} s\n`)
      for (const line of lines) say(line)
      if (left.length > 0) say(`\nLeft in the namespace: ${left.join(', ')}.`)
      isSound &&= isGood && left.length === 0
    }
  } finally {
    await release()
  }
  if (values.samples !== undefined) await writeFile(values.samples, `${JSON.stringify(all, null, 2)}\n`)
  return isSound ? 0 : 1
}

interface Measured {
  readonly samples: readonly object[]
  /** What is printed of them. */
  readonly lines: readonly string[]
  /** What the hook left in the namespace. */
  readonly left: readonly string[]
  readonly isGood: boolean
}

async function measure(
  cluster: Cluster,
  stage: Omit<StageOptions, 'hasWays'>,
  extent: Pick<Assignment, 'runs' | 'large' | 'only'>
): Promise<Measured> {
  const samples: Sample[] = []
  const hasWays = stage.hook === undefined && ROWS_OF_WAYS.some(row => extent.only?.includes(row) ?? true)
  const left = await onStage(cluster, { ...stage, hasWays }, async ({ run }) =>
    run(extent, line => {
      const sample = line as Sample
      samples.push(sample)
      progress(`${stage.mode}: ${ROWS[sample.row].title}: ${sample.side} ${sample.ms.toFixed(0)} ms`)
    })
  )
  progress('')
  return { samples, lines: tables(samples), left, isGood: isWhole(samples) }
}

/** Over longer and longer ways to the API server. */
async function measureSlow(
  cluster: Cluster,
  stage: Omit<StageOptions, 'hasWays'>,
  runs: number,
  delays: readonly number[]
): Promise<Measured> {
  const samples: SlowSample[] = []
  const slow = await Promise.all(delays.map(async delayMs => SlowWay.open(cluster, delayMs)))
  try {
    const left = await onStage(cluster, { ...stage, hasWays: false }, async ({ run }) =>
      run({ runs, large: false, slowWays: slow.map(({ way }) => way) }, line => {
        const sample = line as SlowSample
        samples.push(sample)
        progress(`${stage.mode}: ${sample.call} by ${sample.delayMs} ms: ${sample.ms.toFixed(0)} ms`)
      })
    )
    progress('')
    return { samples, lines: latencyTable(samples, stage.mode), left, isGood: true }
  } finally {
    for (const way of slow) await way.close()
  }
}

/** Where the time of a container step goes, or of a Dockerfile's first step. */
async function trace(
  cluster: Cluster,
  stage: Omit<StageOptions, 'hasWays'>,
  { runs, only = [] }: Pick<Assignment, 'runs' | 'only'>
): Promise<Measured> {
  const traced = TRACED.find(row => only.includes(row)) ?? 'container'
  const samples: TracedCall[] = []
  let lines: string[] = []
  const left = await onStage(cluster, { ...stage, hasWays: false }, async ({ namespace, run }) => {
    const watched = await Trace.begin(cluster, namespace)
    await run({ runs, large: false, traced }, line => samples.push(line as TracedCall))
    lines = [...watched.table(samples.filter(({ call }) => call === 'step')), ...requestLines(samples)]
    watched.end()
  })
  return { samples, lines, left, isGood: true }
}

/** One line that is written over, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function modesOf(text: string | undefined): Mode[] {
  if (text === undefined) return ['volume', 'novolume']
  if (text === 'volume' || text === 'novolume') return [text]
  throw new Error(`--mode takes volume or novolume, not "${text}".`)
}

function rowsOf(text: string): Row[] {
  return text.split(',').map(name => {
    if (name in ROWS) return name as Row
    throw new Error(`--only takes ${Object.keys(ROWS).join(', ')}, not "${name}".`)
  })
}

/** Without a delay first. */
function delaysOf(text: string): number[] {
  const delays = text.split(',').map(Number)
  if (!delays.every(ms => Number.isInteger(ms) && ms > 0)) {
    throw new Error(`--latency takes milliseconds with commas between, not "${text}".`)
  }
  return [0, ...delays]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

bench().then(
  code => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
)
