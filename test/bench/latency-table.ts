import type { Mode } from '../harness/runner-pod.js'
import { align, median } from './table.js'

/** What is called over slow ways. */
export type Call = 'prepare' | 'script' | 'container' | 'cleanup' | 'nothing'

/** The calls, with the round trips that each may have one after the other. */
const CALLS: Readonly<Record<Call, { readonly title: string; readonly budget?: Readonly<Record<Mode, number>> }>> = {
  prepare: { title: 'prepare_job' },
  // The handshake, a stream, and what it is given; without a volume files have a stream of their own.
  script: { title: 'script step', budget: { volume: 3, novolume: 4 } },
  container: { title: 'container step', budget: { volume: 8, novolume: 8 } },
  cleanup: { title: 'cleanup_job' },
  nothing: { title: 'cleanup_job with nothing to do', budget: { volume: 2, novolume: 2 } }
}

/** One call over one way. */
export interface SlowSample {
  readonly call: Call
  readonly delayMs: number
  readonly ms: number
  readonly requests?: number
}

/**
 * How each call grows with the way to the API server: what it grows by, for each millisecond that was added, is the number of
 * round trips that it waits for one after the other. The TLS handshake is one of them.
 *
 * @returns lines
 */
export function latencyTable(samples: readonly SlowSample[], mode: Mode): string[] {
  const delays = [...new Set(samples.map(({ delayMs }) => delayMs))].sort((a, b) => a - b)
  // On the shortest way, round trips hide behind what the cluster needs anyway.
  const slow = delays.length > 2 ? delays.slice(1) : delays
  const rows = (Object.keys(CALLS) as Call[]).flatMap(call => {
    const own = samples.filter(sample => sample.call === call)
    if (own.length === 0) return []
    const of = (delay: number): number => median(own.flatMap(({ delayMs, ms }) => (delayMs === delay ? ms : []))) ?? NaN
    const trips = slope(slow.map(delay => [delay, of(delay)]))
    const requests = median(own.flatMap(sample => (sample.delayMs === 0 ? (sample.requests ?? []) : [])))
    const { title, budget: budgets } = CALLS[call]
    const budget = budgets?.[mode]
    const verdict = budget === undefined ? '' : `at most ${budget}: ${Math.round(trips) <= budget ? 'ok' : 'over'}`
    return [[title, String(requests ?? ''), ...delays.map(delay => of(delay).toFixed(0)), trips.toFixed(1), verdict]]
  })
  const heads = ['', 'requests', ...delays.map(delay => `+${delay} ms`), 'in series', 'budget']
  return align([heads, ...rows], new Set([0, heads.length - 1]))
}

/** By how much the second numbers grow with the first ones: of the line that lies nearest to all. */
function slope(points: readonly (readonly [number, number])[]): number {
  const meanOf = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [meanOf(0), meanOf(1)]
  const part = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return part / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
