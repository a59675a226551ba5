import type { Cluster } from '../harness/cluster/index.js'
import { Api } from '../harness/cluster/api.js'
import type { CrowdSample } from './crowd.js'
import { SlowWay } from './slow-way.js'
import { onStage, type StageOptions } from './stage.js'
import { align, median } from './table.js'

const NEIGHBOURS = 500
/** Requests of ours at once. */
const AT_ONCE = 20
/** How often one call alone is measured. */
const ROUNDS = 3

interface Measured {
  readonly samples: readonly object[]
  readonly lines: readonly string[]
  readonly left: readonly string[]
  readonly isGood: boolean
}

/** A container step alone, with many neighbours in its namespace, and many steps at once: requests and bytes of each. */
export async function measureScale(
  cluster: Cluster,
  stage: Omit<StageOptions, 'hasWays'>,
  jobs: number
): Promise<Measured> {
  const slow = await SlowWay.open(cluster, 0)
  const rows: string[][] = []
  const samples: object[] = []
  try {
    const left = await onStage(cluster, { ...stage, hasWays: false }, async ({ namespace, run }) => {
      const take = async (title: string, atOnce: number, rounds: number): Promise<void> => {
        const own: CrowdSample[] = []
        const before = slow.received
        await run({ runs: 1, large: false, crowd: { atOnce, rounds, way: slow.way } }, line => {
          own.push(line as CrowdSample)
        })
        const bytes = (slow.received - before) / own.length
        const requests = own.flatMap(sample => sample.requests ?? [])
        samples.push(...own.map(sample => ({ title, bytes, ...sample })))
        rows.push([
          title,
          String(median(requests) ?? ''),
          String(Math.max(...requests)),
          (bytes / 1000).toFixed(0),
          (median(own.map(({ ms }) => ms)) ?? NaN).toFixed(0)
        ])
      }
      await take('alone', 1, ROUNDS)
      const forget = await settle(cluster, namespace)
      await take(`beside ${NEIGHBOURS} pods and records`, 1, ROUNDS)
      await take(`${jobs} at once, beside them`, jobs, 1)
      await forget()
    })
    const heads = ['container step', 'requests', 'most', 'KB received', 'ms']
    return { samples, lines: align([heads, ...rows], new Set([0])), left, isGood: true }
  } finally {
    await slow.close()
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
