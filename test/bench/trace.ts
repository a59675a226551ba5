import type { V1Pod } from '@kubernetes/client-node'

import type { Cluster } from '../harness/cluster/index.js'
import { Api } from '../harness/cluster/api.js'
import { align, median } from './table.js'
import type { TracedCall } from './traced-call.js'

/** When the pods of steps and of builds got how far, as somebody sees it who watches them. */
export class Trace {
  readonly #pods = new Map<string, Map<string, number>>()
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
    const moments = new Set(traced.flatMap(times => [...times.keys()]))
    let before = 0
    const rows = [...moments]
      .map(moment => ({ moment, ms: median(traced.flatMap(times => times.get(moment) ?? [])) ?? NaN }))
      .sort((a, b) => a.ms - b.ms)
      .map(({ moment, ms }) => {
        const row = [moment, ms.toFixed(0), (ms - before).toFixed(0)]
        before = ms
        return row
      })
    return align([['', 'ms', 'more'], ...rows], new Set([0]))
  }

  #of({ began, output, exit }: TracedCall): Map<string, number> {
    const own = [...this.#pods.values()].filter(times => {
      const made = Math.min(...times.values())
      return made >= began && made <= exit
    })
    const times: [string, number][] = [
      ...own.flatMap(pod => [...pod]),
      ["the program's first byte is printed by the hook", output],
      ['the hook is gone', exit]
    ]
    return new Map(times.map(([moment, at]) => [moment, at - began]))
  }

  #see({ metadata, spec, status }: V1Pod): void {
    const name = metadata?.name ?? ''
    const [, kind] = /-(step|build)-/.exec(name) ?? []
    if (kind === undefined) return
    const times = this.#pods.get(name) ?? new Map<string, number>()
    this.#pods.set(name, times)
    const note = (moment: string, holds: boolean): void => {
      const named = `${kind} pod: ${moment}`
      if (holds && !times.has(named)) times.set(named, Date.now())
    }
    const has = (type: string): boolean =>
      status?.conditions?.some(condition => condition.type === type && condition.status === 'True') === true
    note('made', true)
    note('has a node (scheduler)', has('PodScheduled'))
    note('has sandbox and network (kubelet, runtime)', has('PodReadyToStartContainers'))
    const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    for (const { name: container } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      const state = statuses.find(one => one.name === container)?.state
      note(`${container} runs, as the kubelet tells`, state?.running !== undefined || state?.terminated !== undefined)
      note(`the end of ${container} is told`, state?.terminated !== undefined)
    }
    note("the pod's end is told", status?.phase === 'Succeeded' || status?.phase === 'Failed')
    note('deletion asked for', metadata?.deletionTimestamp !== undefined)
  }
}
