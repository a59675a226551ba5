import type { Cluster } from '../harness/cluster/index.js'
import { Api } from '../harness/cluster/api.js'
import { leftIn } from '../harness/namespace.js'
import { RUNNER, type Mode, type RunnerPod } from '../harness/runner-pod.js'
import type { CrowdSample } from './crowd.js'
import { onStage, type StageOptions } from './stage.js'
import { align, median } from './table.js'

const NEIGHBOURS = 500
/** Requests of ours at once. */
const AT_ONCE = 20
/** How often one job alone is measured. */
const ROUNDS = 3

interface Measured {
  readonly samples: readonly object[]
  readonly lines: readonly string[]
  readonly left: readonly string[]
  readonly isGood: boolean
}

/**
 * A job alone, with many neighbours in its namespace, and many jobs at once: requests, bytes and processor time of each. Not good when one
 * asked for what is another's, or left something.
 */
export async function measureScale(
  cluster: Cluster,
  stage: Omit<StageOptions, 'hasWays'>,
  jobs: number
): Promise<Measured> {
  const rows: string[][] = []
  const samples: (CrowdSample & { readonly title: string })[] = []
  const crossed: string[] = []
  const left = await onStage(cluster, { ...stage, hasWays: false }, async ({ namespace, runner, run }) => {
    const hire = runnersOf(cluster, { namespace, host: runner, mode: stage.mode })
    const take = async (title: string, atOnce: number, rounds: number): Promise<void> => {
      const own: CrowdSample[] = []
      const { names, dismiss } = await hire(atOnce)
      await run({ runs: 1, large: false, crowd: { runners: names, rounds } }, line => own.push(line as CrowdSample))
      crossed.push(...(await dismiss()))
      crossed.push(...own.flatMap(({ runner: name, foreign }) => foreign.map(what => `${name}: ${what}`)))
      samples.push(...own.map(sample => ({ title, ...sample })))
      const cells = [
        median(own.map(({ requests }) => requests)),
        Math.max(...own.map(({ requests }) => requests)),
        (median(own.map(({ received }) => received)) ?? NaN) / 1000,
        median(own.map(({ cpuMs }) => cpuMs)),
        median(own.map(({ ms }) => ms))
      ]
      rows.push([title, ...cells.map(cell => (cell ?? NaN).toFixed(0))])
    }
    await take('alone', 1, ROUNDS)
    const forget = await settle(cluster, namespace)
    await take(`beside ${NEIGHBOURS} pods and records`, 1, ROUNDS)
    await take(`${jobs} at once, beside them`, jobs, 1)
    await forget()
  })
  const heads = ['job', 'requests', 'most', 'KB received', 'CPU ms', 'ms']
  const lines = [...align([heads, ...rows], new Set([0])), ...crossed.map(what => `Crossed: ${what}`)]
  return { samples, lines, left, isGood: crossed.length === 0 }
}

interface Host {
  readonly namespace: string
  /** In whose pod all calls are made. */
  readonly host: RunnerPod
  readonly mode: Mode
}

/**
 * Makes pods of runners that no node runs: the hook reads its runner's pod and owns objects by it, and a node has room for 110.
 * Their work directories lie in that of the host.
 *
 * @returns makes so many; `dismiss` removes them, and says what their jobs left
 */
function runnersOf(
  cluster: Cluster,
  { namespace, host, mode }: Host
): (count: number) => Promise<{ readonly names: readonly string[]; readonly dismiss: () => Promise<string[]> }> {
  const api = new Api(cluster.kubeconfig)
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const claim = { name: 'work', persistentVolumeClaim: { claimName: `${host.name}-work` } }
  const work = mode === 'volume' ? claim : { name: 'work', emptyDir: {} }
  let batch = 0
  return async count => {
    batch += 1
    const names = Array.from({ length: count }, (_, index) => `crowd-${batch}-${String(index).padStart(3, '0')}`)
    for (const name of names) {
      const container = {
        ...{ name: 'runner', image: cluster.images.runner },
        volumeMounts: [{ name: 'work', mountPath: RUNNER.work }]
      }
      const pod = { metadata: { name }, spec: { schedulerName: 'nobody', containers: [container], volumes: [work] } }
      const { status, body } = await api.request('POST', pods, pod)
      if (status !== 201) throw new Error(`a runner was refused: ${JSON.stringify(body)}`)
    }
    const dismiss = async (): Promise<string[]> => {
      const left = (await Promise.all(names.map(async name => leftIn(cluster, namespace, [name], name)))).flat()
      for (const name of names) await api.delete(`${pods}/${name}?gracePeriodSeconds=0`)
      return left.map(what => `left ${what}`)
    }
    return { names, dismiss }
  }
}

/**
 * Fills a namespace with pods that never run, and with records of images that others keep.
 *
 * @returns removes them
 */
async function settle(cluster: Cluster, namespace: string): Promise<() => Promise<void>> {
  const api = new Api(cluster.kubeconfig)
  const base = `/api/v1/namespaces/${namespace}`
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 13)
  const objects = Array.from({ length: NEIGHBOURS }, (_, number) => {
    const runner = `other-${number}`
    const pod = {
      metadata: { name: `${runner}-workflow`, labels: { 'runner-pod': runner, bench: 'neighbour' } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'job', image: cluster.images.debian }] }
    }
    const labels = { 'kaniko-hooks/image': 'true', 'kaniko-hooks/runner': runner, 'kaniko-hooks/due': tomorrow }
    const metadata = { name: `${runner}-record`, labels: { ...labels, bench: 'neighbour' } }
    const secret = { metadata, stringData: { record: JSON.stringify({ filler: 'x'.repeat(600) }) } }
    return [
      ['pods', pod],
      ['secrets', secret]
    ] as const
  }).flat()
  const inTurn = async (work: (typeof objects)[number][]): Promise<void> => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      const { status, body } = await api.request('POST', `${base}/${next[0]}`, next[1])
      if (status !== 201) throw new Error(`a neighbour was refused: ${JSON.stringify(body)}`)
    }
  }
  const work = [...objects]
  await Promise.all(Array.from({ length: AT_ONCE }, async () => inTurn(work)))
  return async () => {
    for (const kind of ['pods', 'secrets']) {
      await api.request('DELETE', `${base}/${kind}?labelSelector=bench%3Dneighbour`, { gracePeriodSeconds: 0 })
    }
  }
}
