import type { V1Pod } from '@kubernetes/client-node'
import type { Fault } from './errors.js'

/** Why a pod does not run, or no longer does, in the words of the scheduler, the kubelet or the runtime. */
export interface PodProblem {
  /**
   * `now`: it will not get better. `after-grace`: the kubelet tries again, and rarely succeeds. `wait`: it may get
   * better by itself (a node that is still to come), or the pod's end will tell.
   */
  readonly fatal: 'now' | 'after-grace' | 'wait'
  /** The container that it is about; absent when it is the whole pod. */
  readonly container?: string
  /** The machine's word: `ErrImagePull`, `Unschedulable`, `OOMKilled`, … */
  readonly reason: string
  /** A sentence for people: the object, what the cluster said, what to do. */
  readonly message: string
  readonly fault: Fault
  /** True when no container of the pod has begun: a new pod in its place runs nothing twice. */
  readonly nothingRan: boolean
}

export function podProblem(_pod: V1Pod): PodProblem | undefined {
  throw new Error('not yet')
}
