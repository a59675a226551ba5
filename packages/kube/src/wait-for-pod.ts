import type { V1Pod } from '@kubernetes/client-node'
import { KubeError, isKubeError } from './errors.js'
import type { Kube } from './kube.js'
import { podProblem } from './pod-problem.js'
import type { PodProblem } from './pod-problem.js'
import { ProblemHistory } from './problem-history.js'
import { containerStatus, containerStatuses, isFinished, podLabel } from './pod-status.js'
import { pollPause, type PollPause } from './poll-pause.js'
import { throwIfAborted } from './retry.js'
import { StuckPod } from './stuck-pod.js'

/**
 * `running`: the container, or each container of the pod, runs or has already ended. `ended`: the container has ended
 * (and when it was the last one, the pod's phase says so too), or the pod has. Or a question of your own.
 */
export type PodGoal = 'running' | 'ended' | ((pod: V1Pod) => boolean)

export interface WaitOptions {
  /** The container that `running` and `ended` are about (also an init container); default: all of the pod. */
  readonly container?: string
  readonly timeoutMs: number
  /** The pod as it was read just now, so that it need not be read first. */
  readonly known?: V1Pod | undefined
  /** When what is waited for began, of `performance.now()`, and when to look: with it, `known` was read just now. */
  readonly looks?: { readonly since: number; readonly pause: PollPause }
  /**
   * A pod whose node cannot mount its volumes is given up after so long: the kubelet tries for ever. Without it the pod
   * is waited for until the time is up, since some volumes are slow.
   */
  readonly stuckMs?: number
  readonly signal?: AbortSignal
  /** Called with each state that was read. */
  readonly onPod?: (pod: V1Pod) => void
  /** Called once for each problem, and again when its words change. */
  readonly onProblem?: (problem: PodProblem) => void
}

/**
 * Looks at a pod until the goal is reached, and returns it: at each state of which a watch tells, and from time
 * to time, more often where the role has no watch, as the stock one. Throws POD_FAILED with the problem as soon as it cannot
 * be reached any more, or when the pod vanished or was replaced by another of its name; TIMEOUT with the last problem; ABORTED.
 */
export async function waitForPod(kube: Kube, name: string, until: PodGoal, options: WaitOptions): Promise<V1Pod> {
  const { container, timeoutMs, signal, onPod, onProblem, looks } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  const problems = new ProblemHistory(onProblem)
  let uid: string | undefined
  const now = performance.now()
  const { since: start, pause } = looks ?? { since: now, pause: pollPause }
  const stuck = new StuckPod(kube, options.stuckMs)
  const watch = kube.watchPod(name)
  let pod = options.known
  // What was read by another way is looked at again soon, unless a watch has told of it meanwhile.
  let events = pod === undefined ? watch.events : 0
  let looked = pod === undefined || looks !== undefined || watch.isLive ? now : -Infinity
  try {
    if (pod === undefined && looks !== undefined) {
      await watch.news({ after: events, since: now, pollMs: pause(now - start), signal: either })
    }
    for (;;) {
      pod ??= await readPod(kube, name, either)
      if (uid !== undefined && pod.metadata?.uid !== uid) throw replaced(name)
      uid ??= pod.metadata?.uid
      onPod?.(pod)
      if (isReached(pod, until, container)) return pod
      const problem = podProblem(pod) ?? (isFinished(pod) ? endedEarly(pod) : undefined)
      problems.see(problem)
      const fatal = isFinished(pod) ? problem : problems.fatal(performance.now())
      if (fatal !== undefined) throw new KubeError('POD_FAILED', fatal.message, { problem: fatal })
      const why = problem === undefined ? await stuck.see(pod, either) : undefined
      if (why !== undefined) {
        problems.see(why)
        if (why.fatal === 'now') throw new KubeError('POD_FAILED', why.message, { problem: why })
      }
      const pollMs = pause(performance.now() - start)
      const isDue = await watch.news({ after: events, since: looked, pollMs, signal: either })
      const told = isDue ? undefined : watch.toldOf(name, events)?.pod
      // A pod that was deleted is looked for, and one that another has replaced: a watch may still tell of what had the name before.
      pod = told?.metadata?.uid === uid ? told : undefined
      events = watch.events
      if (pod === undefined) looked = performance.now()
    }
  } catch (error) {
    throwIfAborted(signal)
    if (!deadline.aborted) throw error
    const problem = problems.last
    throw new KubeError(
      'TIMEOUT',
      `Pod "${name}" did not get as far as needed in ${timeoutMs / 1000} s. ${problem?.message ?? ''}`.trim(),
      { ...(problem !== undefined && { problem }), cause: error }
    )
  }
}

async function readPod(kube: Kube, name: string, signal: AbortSignal): Promise<V1Pod> {
  try {
    return await kube.get('pods', name, { signal })
  } catch (cause) {
    if (!isKubeError(cause, 'NOT_FOUND')) throw cause
    throw new KubeError('POD_FAILED', `Pod "${name}" is gone: somebody deleted it, or its node was removed.`, {
      reason: 'Deleted',
      cause
    })
  }
}

function replaced(name: string): KubeError {
  return new KubeError('POD_FAILED', `Pod "${name}" was deleted, and another one has its name now.`, {
    reason: 'Replaced'
  })
}

function isReached(pod: V1Pod, until: PodGoal, container: string | undefined): boolean {
  if (typeof until === 'function') return until(pod)
  return until === 'running' ? hasStarted(pod, container) : hasEnded(pod, container)
}

function hasStarted(pod: V1Pod, container: string | undefined): boolean {
  const names = container === undefined ? (pod.spec?.containers.map(({ name }) => name) ?? []) : [container]
  return names.every(name => {
    const state = containerStatus(pod, name)?.state
    if (state?.running !== undefined) return true
    const { reason } = state?.terminated ?? {}
    return state?.terminated !== undefined && !['StartError', 'ContainerCannotRun'].includes(reason ?? '')
  })
}

/** What the goal `ended` asks: see `PodGoal`. */
export function hasEnded(pod: V1Pod, container: string | undefined): boolean {
  if (isFinished(pod)) return true
  if (container === undefined || containerStatus(pod, container)?.state?.terminated === undefined) return false
  return containerStatuses(pod).some(({ name, state }) => name !== container && state?.terminated === undefined)
}

function endedEarly(pod: V1Pod): PodProblem {
  const codes = containerStatuses(pod)
    .filter(({ state }) => state?.terminated !== undefined)
    .map(({ name, state }) => `${name}: exit code ${state?.terminated?.exitCode ?? '?'}`)
  return {
    fatal: 'now',
    reason: pod.status?.phase ?? 'Failed',
    message: `The ${podLabel(pod)} has already ended (${[pod.status?.phase, ...codes].join(', ')}).`,
    fault: 'user'
  }
}
