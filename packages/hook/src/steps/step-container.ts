import { setTimeout as sleep } from 'node:timers/promises'

import type { V1ContainerState, V1Job, V1Pod, V1PodTemplateSpec } from '@kubernetes/client-node'
import {
  containerResult,
  findPod,
  followLog,
  isKubeError,
  looksFrom,
  untilGone,
  waitForPod,
  type ContainerResult,
  type Kube,
  type KubeError
} from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import { JOB_CONTAINER } from '../pods/names.js'
import type { Owner } from '../pods/owner.js'
import { stepJob } from '../pods/step-pod.js'
import { printWaiting } from './waiting.js'
import type { Line } from '../report/workflow-commands.js'
import { REMOVAL } from './removal.js'

/** How long a Job is asked for its pod: its controller makes it within a second. */
const POD_WAIT_MS = 60_000
/** The same when the API server refused to try such a pod: mostly there will be none, and the user waits for the reason. */
const REFUSED_WAIT_MS = 10_000
/** Answers of the API server that stay. */
const REFUSALS = ['ADMISSION', 'QUOTA', 'INVALID'] as const
/** A request that was cut off reaches the API server within so long, or never. */
const LATE_CREATE_MS = 500
/** A pod that is deleted gets this long to end by itself. */
const GRACE_SECONDS = 1
/**
 * Sandbox, network and a second in which the kubelet looks at no container. A start that is seen late makes the step's end no later, as the
 * pod's end is told a second after the container's.
 */
const START = looksFrom(700, 0.5)
/** A container behind an init container takes longer, and its pod does not end: what is seen late is late. */
const START_BEHIND = looksFrom(1_000)
/** The kubelet tells the pod's end 1.1 s after the container's, and that up to 0.8 s before the log's. */
const END_MS = 700
const END = looksFrom(END_MS)
/** A Job without a pod by then is a case for questions. */
const TRY_MS = 1_000
/** How long a look for a pod may keep its Job from being deleted. */
const LOOK_MS = 2_000
/** How long a start that was cancelled waits for the end of a pod that it had already made; a sandbox that is being set up comes first. */
const GONE_MS = 6_500

/** A step's pod in the cluster. */
export interface StepRun {
  readonly pod: string
  /** The Job around it, when there is one. */
  readonly job: string | undefined
  /** As it was made, or found. */
  readonly found?: V1Pod
  /** When it was asked for, of `performance.now()`. */
  readonly since?: number
}

/**
 * Starts a step's pod: as a Job, or bare when asked to or when the role has no jobs.
 *
 * A Job hides what admission says of its pod (only events tell), so when none comes, the same pod is tried without creating it. What that
 * gives explains a Job that gets no pod, and nothing else: the step's own pod may use up the quota before it is tried,
 * and a webhook may refuse whatever is only tried.
 *
 * @throws KubeError ADMISSION, QUOTA, FORBIDDEN; HookError POD_FAILED when nobody knows why the Job gets no pod
 */
export async function startStep(
  kube: Kube,
  owner: Owner,
  name: string,
  template: V1PodTemplateSpec,
  bare: boolean,
  signal: AbortSignal
): Promise<StepRun> {
  const pod: V1Pod = { apiVersion: 'v1', kind: 'Pod', ...template }
  if (!bare) {
    // Begun before the Job is made, a watch tells of its pod without being asked.
    kube.watchPods({ labelSelector: jobSelector(name) }).open()
    const since = performance.now()
    const [job] = await Promise.allSettled([kube.create('jobs', stepJob(owner, name, template), { signal })])
    if (job.status === 'fulfilled' || !isForbiddenJobs(job.reason)) {
      return orDeleted(kube, { job: name, pod: '' }, async () => {
        if (job.status === 'rejected') throw job.reason
        const found = await podOfJob(kube, job.value, pod, signal)
        return { job: name, pod: found.metadata?.name ?? '', found, since }
      })
    }
  }
  return orDeleted(kube, { job: undefined, pod: name }, async () => {
    const found = await kube.create('pods', pod, { signal })
    return { job: undefined, pod: name, found }
  })
}

/** A pod that is only tried, when its Job gets none. */
interface Tried {
  /** Why there will be none, once the API server has said so. */
  why: KubeError | undefined
}

/** What the API server said of a tried pod, as far as it would say the same of the Job's. */
function explanation(error: unknown): KubeError | undefined {
  // A webhook with side effects is not asked about what is only tried.
  if (!isKubeError(error, ...REFUSALS, 'API') || /does not support dry run/i.test(error.message)) return undefined
  return error
}

/**
 * Deletes what may have been made when the rest fails: a Job that stays would run when quota frees up, long after its step
 * was reported failed. A create that was cut off may arrive late, so it is looked for once more.
 */
async function orDeleted(kube: Kube, made: StepRun, body: () => Promise<StepRun>): Promise<StepRun> {
  try {
    return await body()
  } catch (error) {
    const deleted = [await deleteStep(kube, made).catch(() => [])]
    if (isKubeError(error, 'ABORTED', 'UNREACHABLE')) {
      await sleep(LATE_CREATE_MS)
      deleted.push(await deleteStep(kube, made).catch(() => []))
      // It may run already, and what comes after a cancelled step must not run beside it.
      await waitUntilGone(kube, deleted.flat(), AbortSignal.timeout(GONE_MS)).catch(() => undefined)
    }
    throw error
  }
}

function isForbiddenJobs(error: unknown): boolean {
  return isKubeError(error, 'FORBIDDEN') && /\bjobs\b/.test(error.message)
}

async function podOfJob(kube: Kube, { metadata }: V1Job, pod: V1Pod, signal: AbortSignal): Promise<V1Pod> {
  const { name: job = '', uid } = metadata ?? {}
  const tried: Tried = { why: undefined }
  const trying = setTimeout(() => {
    kube.create('pods', pod, { dryRun: true, signal }).catch((error: unknown) => {
      tried.why = explanation(error)
    })
  }, TRY_MS)
  const timeoutMs = (): number => (isKubeError(tried.why, ...REFUSALS) ? REFUSED_WAIT_MS : POD_WAIT_MS)
  const isOf = ({ metadata }: V1Pod): boolean =>
    uid === undefined || metadata?.ownerReferences?.some(owner => owner.uid === uid) === true
  const search = findPod(kube, jobSelector(job), isOf, { timeoutMs, pause: START, signal })
  const found = await search.finally(() => clearTimeout(trying))
  if (found !== undefined) return found
  if (tried.why !== undefined) throw tried.why
  throw new HookError(
    'POD_FAILED',
    `Job ${job} got no pod within ${POD_WAIT_MS / 1000} s. Its events tell why: kubectl -n ${kube.namespace} describe job ${job}.`
  )
}

function jobSelector(job: string): string {
  return `job-name=${job}`
}

/** A step's container as it was seen first. */
export interface Started {
  readonly hasEnded: boolean
  /** Its program is process 1; false when a template or webhook lets it share the processes of the pod or of the node. */
  readonly isFirstProcess: boolean
  /** No other container is in its pod, which then ends with it. */
  readonly isAlone: boolean
}

/**
 * Waits until the step's container runs, or has ended already.
 *
 * @param options `filled`: when the files that it waits for had come, of `performance.now()`; `print` is told while it cannot start yet
 */
export async function waitForStart(
  kube: Kube,
  { pod, found, since }: StepRun,
  options: { filled?: number; timeoutMs: number; signal: AbortSignal; print: Line }
): Promise<Started> {
  const started = await waitForPod(kube, pod, 'running', {
    container: JOB_CONTAINER,
    known: found,
    looks:
      options.filled === undefined
        ? { since: since ?? performance.now(), pause: START }
        : { since: options.filled, pause: START_BEHIND },
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onProblem: printWaiting(options.print, pod)
  })
  const { hostPID = false, shareProcessNamespace = false } = started.spec ?? {}
  return {
    hasEnded: stateOf(started)?.terminated !== undefined,
    isFirstProcess: !hostPID && !shareProcessNamespace,
    isAlone: started.spec?.containers.length === 1
  }
}

/** How a step's container came to its end. */
export interface StepEnd {
  readonly result: ContainerResult
  /** Its last state as the kubelet tells it. */
  readonly state: V1ContainerState['terminated']
  /** When its log ended, in milliseconds of the epoch. */
  readonly loggedAt: number
  /** Whether all of its pod has ended. */
  readonly isPodOver: boolean
}

/**
 * Prints a step container's log to its end and reads how it ended.
 *
 * @param options `isAlone`: no other container is in the pod; `onGap` is told when the kubelet could not give all lines
 */
export async function followStep(
  kube: Kube,
  pod: string,
  output: (line: string) => Promise<void>,
  options: {
    readonly isAlone: boolean
    readonly cancelled: AbortSignal
    readonly signal: AbortSignal
    readonly onGap: (sentence: string) => void
  }
): Promise<StepEnd> {
  const { isAlone, cancelled, signal, onGap } = options
  // Whoever cancelled waits for the container alone, and not for long.
  const endsLate = (): boolean => isAlone && !cancelled.aborted
  const { pod: known, endedAt } = await followLog(
    kube,
    { pod, container: JOB_CONTAINER },
    async line => output(`${line}\n`),
    { settleMs: () => (endsLate() ? END_MS : 0), signal, onGap }
  )
  const loggedAt = Date.now() - (performance.now() - endedAt)
  const ended = await waitForPod(kube, pod, 'ended', {
    container: JOB_CONTAINER,
    known,
    ...(endsLate() && known !== undefined ? { looks: { since: endedAt, pause: END } } : {}),
    timeoutMs: 60_000,
    signal
  })
  const isPodOver = ['Succeeded', 'Failed'].includes(ended.status?.phase ?? '')
  return { result: containerResult(ended, JOB_CONTAINER), state: stateOf(ended)?.terminated, loggedAt, isPodOver }
}

function stateOf(pod: V1Pod): V1ContainerState | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === JOB_CONTAINER)?.state
}

/**
 * Removes a step's pod and its Job. Safe to call at any time, and again.
 *
 * The pod goes first, as a Job of one try makes no other: a Job's own deletion gives its pod 30 s to end, and the
 * kubelet was seen to hold to them although 1 s was asked for a moment later. In a pod that is over nothing needs time to end: it
 * is left to the garbage collector.
 *
 * @param options the pod's time to end by itself, in seconds; default 1
 * @returns the pods that are on their way out
 */
export async function deleteStep(
  kube: Kube,
  run: StepRun,
  options: { readonly graceSeconds?: number; readonly isOver?: boolean; readonly signal?: AbortSignal } = {}
): Promise<string[]> {
  const { graceSeconds: gracePeriodSeconds = GRACE_SECONDS, isOver = false, signal } = options
  const limits = signal === undefined ? {} : { signal }
  const end = async (pod: string): Promise<unknown> =>
    kube.delete('pods', pod, { gracePeriodSeconds, ...REMOVAL, ...limits })
  if (run.job === undefined) {
    await end(run.pod)
    return [run.pod]
  }
  const { job } = run
  const unseen = async (within: typeof limits): Promise<string[]> => {
    const pods = await kube.list('pods', { labelSelector: jobSelector(job), ...within })
    return pods.flatMap(({ metadata }) => metadata?.name ?? [])
  }
  const soon = AbortSignal.timeout(LOOK_MS)
  const within = { signal: signal === undefined ? soon : AbortSignal.any([signal, soon]) }
  // The Job goes in any case.
  const seen = run.pod === '' ? await unseen(within).catch(() => []) : [run.pod]
  if (!isOver) await Promise.all(seen.map(end))
  await kube.delete('jobs', job, { propagationPolicy: 'Background', ...REMOVAL, ...limits })
  if (run.pod !== '') return seen
  // Its controller may have made it in between.
  const late = (await unseen(limits)).filter(name => !seen.includes(name))
  await Promise.all(late.map(end))
  return [...seen, ...late]
}

/** Waits until pods that were deleted are gone. */
export async function waitUntilGone(kube: Kube, pods: readonly string[], signal: AbortSignal): Promise<void> {
  await Promise.all(pods.map(async pod => untilGone(kube, pod, signal)))
}
