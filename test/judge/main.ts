import { parseArgs } from 'node:util'
import { readFile, writeFile } from 'node:fs/promises'

import { up } from '../harness/cluster/index.js'
import { createNamespace } from '../harness/namespace.js'
import { RunnerPod, type Mode } from '../harness/runner-pod.js'
import { BothWays } from './both-ways.js'
import { judge, readDifferences } from './differences.js'
import { readResults, writeResults, type Result } from './results.js'
import { PAGE, withTable } from './table.js'
import { readWorkflows } from './workflows.js'

const USAGE = `Runs workflows on a runner with Docker and through the hook, and compares.
  --only PATTERN workflows whose name matches; default all
  --mode MODE    volume or novolume; default both
  --table        only writes the table of docs/compatibility.md from the recorded results
The number of differences of each workflow is recorded in test/judge/results.json.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      mode: { type: 'string' },
      table: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (values.table) return writeTable()
  const modes = (['volume', 'novolume'] as const).filter(mode => values.mode === undefined || values.mode === mode)
  const complaints = await run(values.only, modes)
  await writeTable()
  return complaints === 0 ? 0 : 1
}

async function run(only: string, modes: readonly Mode[]): Promise<number> {
  const all = readWorkflows()
  const workflows = all.filter(({ name }) => new RegExp(only).test(name))
  const accepted = readDifferences()
  const cluster = await up()
  const namespace = await createNamespace(cluster, 'judge')
  const runners = new Map<Mode, RunnerPod>()
  let complaints = 0
  try {
    for (const mode of modes) {
      runners.set(mode, await RunnerPod.start(cluster, { namespace: namespace.name, mode, fsGroup: false }))
    }
    const both = await BothWays.start(cluster, runners, workflows)
    try {
      for (const { name } of workflows) {
        const result: Partial<Record<Mode, number>> = {}
        for (const mode of modes) {
          const differences = await both.differences(name, mode)
          result[mode] = differences.length
          const said = judge(name, mode, differences, accepted)
          complaints += said.length
          process.stdout.write(`${name}, ${mode}: ${differences.length} differences\n`)
          for (const complaint of said) process.stdout.write(`  ${complaint.replaceAll('\n', '\n  ')}\n`)
        }
        // Written at once: a run of hours may be ended.
        const fresh: Record<string, Result> = { [name]: result }
        writeResults(
          fresh,
          all.map(workflow => workflow.name)
        )
      }
    } finally {
      await both.stop()
    }
  } finally {
    await Promise.all([...runners.values()].map(async runner => runner.stop()))
    await namespace.delete()
  }
  return complaints
}

async function writeTable(): Promise<number> {
  const page = await readFile(PAGE, 'utf8')
  await writeFile(PAGE, await withTable(page, readWorkflows(), readResults(), readDifferences()))
  return 0
}

process.exitCode = await main()
