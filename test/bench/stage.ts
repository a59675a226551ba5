import { readFile } from 'node:fs/promises'

import type { Cluster } from '../harness/cluster/index.js'
import { createNamespace, leftIn } from '../harness/namespace.js'
import { NOVOLUME_ROLE, VOLUME_ROLE, withWatch, type Rule } from '../harness/roles.js'
import { RUNNER, RunnerPod, type Mode } from '../harness/runner-pod.js'
import { dockerConfigSecret } from '../stand-ins/registries/index.js'
import { bundlePrograms } from './bundle.js'
import type { Assignment } from './rows.js'
import { openWays, PREFIX, type Ways } from './ways.js'

const PROGRAMS = '/home/runner/bench'
const KUBECTL = '/tmp/kubectl'
const PUSH_SECRET = `${PREFIX}open`
const EXTERNALS = `${RUNNER.home}/externals`

export interface StageOptions {
  readonly mode: Mode
  /** Another hook's bundle, in place of ours. */
  readonly hook: string | undefined
  /** Whether the role lets the hook watch pods. */
  readonly watches: boolean
  /** Whether registries with connectors are needed. */
  readonly hasWays: boolean
}

/** A runner pod in which the bench runs. */
export interface Stage {
  readonly namespace: string
  readonly runner: RunnerPod
  /**
   * Runs the part in the pod.
   *
   * @param more of its assignment
   * @param onLine told of each measurement, as parsed JSON
   */
  readonly run: (
    more: Pick<Assignment, 'runs' | 'large'> & Partial<Assignment>,
    onLine: (line: unknown) => void
  ) => Promise<void>
}

/**
 * Opens a namespace with a runner pod, and removes both afterwards.
 *
 * @returns what the hook left there
 */
export async function onStage(
  cluster: Cluster,
  { mode, hook, watches, hasWays }: StageOptions,
  body: (stage: Stage) => Promise<void>
): Promise<string[]> {
  const programs = await bundlePrograms()
  const namespace = await createNamespace(cluster, 'bench')
  let ways: Ways | undefined
  try {
    const { host, port } = cluster.registry
    const nobody = { username: 'nobody', password: 'nothing' }
    await dockerConfigSecret(cluster, namespace.name, PUSH_SECRET, { [`${host}:${port}`]: nobody })
    if (hasWays) ways = await openWays(cluster, namespace.name)
    const stock: readonly Rule[] = mode === 'volume' ? VOLUME_ROLE : NOVOLUME_ROLE
    const rules = [...(watches ? withWatch(stock) : stock), ...(ways?.rules ?? [])]
    const runner = await RunnerPod.start(cluster, { namespace: namespace.name, mode, rules })
    try {
      for (const [name, code] of Object.entries(programs)) await runner.write(`${PROGRAMS}/${name}.cjs`, code)
      if (hook !== undefined) await runner.write(RUNNER.hook, await readFile(hook))
      if (mode === 'novolume') await runner.write(KUBECTL, await readFile(cluster.kubectl))
      if (mode === 'novolume') await runner.exec(['chmod', '755', KUBECTL])
      const node = `${EXTERNALS}/node20/bin/node`
      const assignment = {
        ...{ runner: runner.name, work: RUNNER.work, externals: EXTERNALS, node, hook: RUNNER.hook },
        limits: { exec: `${PROGRAMS}/exec.cjs`, pod: `${PROGRAMS}/pod.cjs` },
        image: cluster.images.debian,
        registry: cluster.registry,
        pushSecret: PUSH_SECRET,
        ...(ways === undefined ? {} : { ways: ways.destinations }),
        ...(mode === 'novolume' ? { kubectl: KUBECTL } : {})
      }
      const run: Stage['run'] = async (more, onLine) => {
        await runner.write(`${PROGRAMS}/assignment.json`, JSON.stringify({ ...assignment, ...more }))
        await readLines(runner, [node, `${PROGRAMS}/bench.cjs`, `${PROGRAMS}/assignment.json`], onLine)
      }
      await body({ namespace: namespace.name, runner, run })
      return await leftIn(cluster, namespace.name, [runner.name], runner.name)
    } finally {
      await runner.stop()
    }
  } finally {
    await ways?.remove()
    await namespace.delete()
  }
}

/** Runs the part in the pod, and reads its measurements as they come. */
async function readLines(
  runner: RunnerPod,
  command: readonly string[],
  onLine: (line: unknown) => void
): Promise<void> {
  let rest = ''
  const { code, stderr } = await runner.exec(command, {
    onStdout: chunk => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(JSON.parse(line))
    }
  })
  if (code !== 0) throw new Error(`the bench in the runner pod failed: ${stderr}`)
}
