import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { buildHook, buildRunner } from '../../scripts/build.js'
import type { Cluster } from '../harness/cluster/index.js'
import { dockerConfigSecret } from '../stand-ins/registries/index.js'
import { chooseCluster } from '../harness/choose-cluster.js'
import { createNamespace, leftIn } from '../harness/namespace.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../harness/roles.js'
import { RUNNER, RunnerPod, type Mode } from '../harness/runner-pod.js'
import { bundlePrograms } from './bundle.js'
import { ROWS, type Assignment, type Row, type Sample } from './rows.js'
import { isWhole, tables } from './table.js'
import { openWays, PREFIX, type Ways } from './ways.js'

const HOOK = join(import.meta.dirname, '..', '..', 'dist', 'hook', 'index.js')
const MAX_HOOK_BYTES = 500_000
const PROGRAMS = '/home/runner/bench'
const KUBECTL = '/tmp/kubectl'
const PUSH_SECRET = `${PREFIX}open`
/** They are measured together. */
const ROWS_OF_WAYS = (['remote', 'connector', 'forward'] as const).flatMap(
  way => [`dockerfile-${way}`, `again-${way}`] as const
)
const EXTERNALS = `${RUNNER.home}/externals`

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
      cluster: { type: 'string' }
    }
  })
  const modes = modesOf(values.mode)
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a number, not "${values.runs}".`)
  const extent = { runs, large: values.large, ...(values.only === undefined ? {} : { only: rowsOf(values.only) }) }
  await Promise.all([buildHook(), buildRunner()])
  const { cluster, release } = await chooseCluster(values.cluster, false, say)
  const all: Record<string, readonly Sample[]> = {}
  let isSound = true
  try {
    const { size } = await stat(HOOK)
    say(`dist/hook/index.js has ${size} bytes (budget ${MAX_HOOK_BYTES}: ${size <= MAX_HOOK_BYTES ? 'ok' : 'over'}).`)
    for (const mode of modes) {
      const start = Date.now()
      const { samples, left } = await measure(cluster, mode, extent)
      const seconds = Math.round((Date.now() - start) / 1000)
      all[mode] = samples
      say(`\n${mode}: medians of a run of ${seconds} s\n`)
      for (const line of tables(samples)) say(line)
      if (left.length > 0) say(`\nLeft in the namespace: ${left.join(', ')}.`)
      isSound &&= isWhole(samples) && left.length === 0
    }
  } finally {
    await release()
  }
  if (values.samples !== undefined) await writeFile(values.samples, `${JSON.stringify(all, null, 2)}\n`)
  return isSound ? 0 : 1
}

async function measure(
  cluster: Cluster,
  mode: Mode,
  extent: Pick<Assignment, 'runs' | 'large' | 'only'>
): Promise<{ readonly samples: readonly Sample[]; readonly left: readonly string[] }> {
  const programs = await bundlePrograms()
  const namespace = await createNamespace(cluster, 'bench')
  let ways: Ways | undefined
  try {
    const { host, port } = cluster.registry
    const nobody = { username: 'nobody', password: 'nothing' }
    await dockerConfigSecret(cluster, namespace.name, PUSH_SECRET, { [`${host}:${port}`]: nobody })
    if (ROWS_OF_WAYS.some(row => extent.only?.includes(row) ?? true)) ways = await openWays(cluster, namespace.name)
    const rules = [...(mode === 'volume' ? VOLUME_ROLE : NOVOLUME_ROLE), ...(ways?.rules ?? [])]
    const runner = await RunnerPod.start(cluster, { namespace: namespace.name, mode, rules })
    try {
      for (const [name, code] of Object.entries(programs)) await runner.write(`${PROGRAMS}/${name}.cjs`, code)
      const node = `${EXTERNALS}/node20/bin/node`
      const assignment: Assignment = {
        ...extent,
        ...{ runner: runner.name, work: RUNNER.work, externals: EXTERNALS, node, hook: RUNNER.hook },
        limits: { exec: `${PROGRAMS}/exec.cjs`, pod: `${PROGRAMS}/pod.cjs` },
        image: cluster.images.debian,
        registry: cluster.registry,
        pushSecret: PUSH_SECRET,
        ...(ways === undefined ? {} : { ways: ways.destinations }),
        ...(mode === 'novolume' ? { kubectl: KUBECTL } : {})
      }
      if (mode === 'novolume') await runner.write(KUBECTL, await readFile(cluster.kubectl))
      if (mode === 'novolume') await runner.exec(['chmod', '755', KUBECTL])
      await runner.write(`${PROGRAMS}/assignment.json`, JSON.stringify(assignment))
      const samples = await collect(mode, runner, [node, `${PROGRAMS}/bench.cjs`, `${PROGRAMS}/assignment.json`])
      const left = await leftIn(cluster, namespace.name, [runner.name])
      return { samples, left: left.filter(name => !name.startsWith(`secret/${PREFIX}`)) }
    } finally {
      await runner.stop()
    }
  } finally {
    await ways?.remove()
    await namespace.delete()
  }
}

/** Runs the part in the pod, reads its measurements as they come, and says how far it is. */
async function collect(mode: Mode, runner: RunnerPod, command: readonly string[]): Promise<Sample[]> {
  const samples: Sample[] = []
  let rest = ''
  const { code, stderr } = await runner.exec(command, {
    onStdout: chunk => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const sample = JSON.parse(line) as Sample
        samples.push(sample)
        progress(`${mode}: ${ROWS[sample.row].title}: ${sample.side} ${sample.ms.toFixed(0)} ms`)
      }
    }
  })
  progress('')
  if (code !== 0) throw new Error(`the bench in the runner pod failed: ${stderr}`)
  return samples
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
