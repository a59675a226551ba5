import type { V1Pod } from '@kubernetes/client-node'

import type { Cluster } from '../harness/cluster/index.js'
import { Api } from '../harness/cluster/api.js'
import { align, median } from './table.js'
import type { TracedCall } from './traced-call.js'

/** What happens on the way of a container step, in its usual order. */
const MOMENTS = {
  made: 'the pod is made: hook, API server, Job controller',
  scheduled: 'it has a node: scheduler',
  sandbox: 'it has a sandbox and a network: kubelet, runtime',
  running: 'its container runs, as the kubelet tells',
  output: 'its first byte is printed by the hook',
  ended: 'its end is told by the kubelet',
  over: "the pod's end is told by the kubelet",
  deleting: 'its deletion is asked for',
  exit: 'the hook is gone'
} as const

type Moment = keyof typeof MOMENTS

/** When the pods of steps got how far, as somebody sees it who watches them. */
export class Trace {
  readonly #pods = new Map<string, Map<Moment, number>>()
  readonly #over = new AbortController()

  static async begin(cluster: Cluster, namespace: string): Promise<Trace> {
    const trace = new Trace()
    const path = `/api/v1/namespaces/${namespace}/pods`
    const { ended } = await new Api(cluster.kubeconfig).watch(path, pod => trace.#see(pod as V1Pod), trace.#over.signal)
    ended.catch(() => undefined)
    return trace
  }

  end(): void {
    this.#over.abort()
  }

  /**
   * The middle of all steps: since the hook's start, and since the moment before.
   *
   * @returns lines
   */
  table(steps: readonly TracedCall[]): string[] {
    const traced = steps.map(step => this.#of(step))
    const since = (moment: Moment): number | undefined => median(traced.flatMap(times => times.get(moment) ?? []))
    let before = 0
    const rows = (Object.keys(MOMENTS) as Moment[])
      .map(moment => ({ moment, ms: since(moment) }))
      .sort((a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity))
      .map(({ moment, ms = NaN }) => {
        const row = [MOMENTS[moment], ms.toFixed(0), (ms - before).toFixed(0)]
        before = ms
        return row
      })
    return align([['', 'ms', 'more'], ...rows], new Set([0]))
  }

  #of({ began, output, exit }: TracedCall): Map<Moment, number> {
    const own = [...this.#pods.values()].find(times => {
      const made = times.get('made') ?? 0
      return made >= began && made <= exit
    })
    const times = [...(own ?? []), ['output', output], ['exit', exit]] as [Moment, number][]
    return new Map(times.map(([moment, at]) => [moment, at - began]))
  }

  #see({ metadata, status }: V1Pod): void {
    const name = metadata?.name ?? ''
    if (!name.includes('-step-')) return
    const times = this.#pods.get(name) ?? new Map<Moment, number>()
    this.#pods.set(name, times)
    const note = (moment: Moment, holds: boolean): void => {
      if (holds && !times.has(moment)) times.set(moment, Date.now())
    }
    const has = (type: string): boolean =>
      status?.conditions?.some(condition => condition.type === type && condition.status === 'True') === true
    const state = status?.containerStatuses?.[0]?.state
    note('made', true)
    note('scheduled', has('PodScheduled'))
    note('sandbox', has('PodReadyToStartContainers'))
    note('running', state?.running !== undefined || state?.terminated !== undefined)
    note('ended', state?.terminated !== undefined)
    note('over', status?.phase === 'Succeeded' || status?.phase === 'Failed')
    note('deleting', metadata?.deletionTimestamp !== undefined)
  }
}
