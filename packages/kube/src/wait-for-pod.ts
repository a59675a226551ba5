import type { V1Pod } from '@kubernetes/client-node'
import type { Kube } from './kube.js'
import type { PodProblem } from './pod-problem.js'

export type PodGoal = 'running' | 'ended' | ((pod: V1Pod) => boolean)

export interface WaitOptions {
  /** The container that `running` and `ended` are about (also an init container); default: all of the pod. */
  readonly container?: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Called with each state that was read. */
  readonly onPod?: (pod: V1Pod) => void
  /** Called once for each problem, and again when its words change. */
  readonly onProblem?: (problem: PodProblem) => void
}

export function waitForPod(_kube: Kube, _name: string, _until: PodGoal, _options: WaitOptions): Promise<V1Pod> {
  throw new Error('not yet')
}
