import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { buildHook, buildRunner } from '../../scripts/build.js'
import { chooseCluster } from '../harness/choose-cluster.js'
import { runJob } from '../harness/job.js'
import { createNamespace, leftIn } from '../harness/namespace.js'
import { imagesIn } from '../harness/registry.js'
import { RunnerPod, type Mode } from '../harness/runner-pod.js'

const ROOT = join(import.meta.dirname, '..', '..')
const REPOSITORY = join(ROOT, 'examples', 'repository')

/** Runs the example repository's workflow through the hook, on a real cluster, and shows what a person would see. */
async function demo(): Promise<number> {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'volume' },
      keep: { type: 'boolean', default: false },
      cluster: { type: 'string' }
    }
  })
  const mode = modeOf(values.mode)
  await Promise.all([buildHook(), buildRunner()])
  const { cluster, release } = await chooseCluster(values.cluster, values.keep, say)
  try {
    const namespace = await createNamespace(cluster, 'demo')
    const before = new Set(await imagesIn(cluster))
    try {
      const runner = await RunnerPod.start(cluster, { namespace: namespace.name, mode })
      say(
        `Runner pod ${runner.name} runs under ARC's stock role for ${mode === 'volume' ? 'kubernetes' : 'kubernetes-novolume'} mode.`
      )
      const result = await runJob(runner, {
        workflow: await readFile(join(REPOSITORY, '.github', 'workflows', 'main-job.yml'), 'utf8'),
        source: REPOSITORY,
        onLog: line => process.stdout.write(`${line}\n`)
      })
      const left = [
        ...(await leftIn(cluster, namespace.name, [runner.name])),
        ...(await imagesIn(cluster)).filter(image => !before.has(image))
      ]
      say('')
      say(
        `Job: ${result.conclusion}. Left in the cluster and the registry: ${left.length === 0 ? 'nothing' : left.join(', ')}.`
      )
      await runner.stop()
      return result.conclusion === 'success' && left.length === 0 ? 0 : 1
    } finally {
      await namespace.delete()
    }
  } finally {
    await release()
    if (values.keep) say(`export KUBECONFIG=${cluster.kubeconfig}`)
  }
}

function modeOf(text: string): Mode {
  if (text === 'volume' || text === 'novolume') return text
  throw new Error(`--mode takes volume or novolume, not "${text}".`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

demo().then(
  code => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
)
