import type { V1Pod } from '@kaniko-hooks/kube'

import type { Call } from './job/call.js'
import { findLeftovers } from './images/clear-runner.js'
import { recordsThatEnded } from './images/records/record.js'
import { sweepImages } from './images/records/remove-images.js'
import { JOB_CONTAINER, jobPodName, WORK_CONTAINER } from './pods/names.js'
import type { CleanupJob } from './protocol/schema.js'
import { warningCommand } from './report/workflow-commands.js'
import { hasServices } from './services/announced.js'
import { printServiceLogs } from './services/logs.js'
import { noticesStop } from './steps/stop-signal.js'
import type { PodEnd } from './job/owned-objects.js'
import { readState, type State } from './job/state.js'
import { sweepRunners } from './job/sweep-runners.js'

/** Docker's stop time: so long services may write their last things. */
const STOP_SECONDS = 10
/** Ours, which end at once. */
const OURS: readonly string[] = [JOB_CONTAINER, WORK_CONTAINER]
/** For a pod in which nothing reacts to its end. */
const SHORT_SECONDS = 1
/** How long a service may take to show whether it reacts. */
const LOOK_MS = 2_000

/**
 * Prints the logs of the job's services, and removes what the job left: its pods first, then the images that it built (no pod can need them any more), then its
 * Secrets. What stays is a warning; a clean-up never fails a job. Last, it sweeps what killed runners left and what was
 * kept long enough. All that it has to know is asked for at once: a job that left nothing waits for one round trip.
 */
export async function cleanupJob(call: Call, { state }: Pick<CleanupJob, 'state'>): Promise<void> {
  if (stateOf(call, state)?.polls === true) call.kube.pollPods()
  if (state?.['hasServices'] === true && !call.cancelled.aborted) await printServiceLogs(call)
  const remove = findLeftovers(call)
  const ended = recordsThatEnded(call.kube)
  ended.catch(() => undefined)
  const problems = await remove(async pod => endOf(call, pod))
  for (const problem of problems) call.print(warningCommand(`Clean-up: ${problem}`))
  await Promise.all([sweepImages(call, ended), sweepRunners(call)])
}

/** A state that cannot be believed is none, and its job is cleaned up all the same. */
function stateOf(call: Call, state: CleanupJob['state']): State | undefined {
  try {
    return readState(state, call.settings.runnerPod)
  } catch {
    return undefined
  }
}

/**
 * How a pod ends. A job's pod, and those of its services, are not waited for where they see nothing of the runner's disk: no image of
 * ours is in them, and the next job waits for what has its pod's name. On a shared volume a process of the job must not
 * live on beside what the runner does next. The pod tells, and not the state, which a job could have written there.
 */
async function endOf(call: Call, pod: V1Pod): Promise<PodEnd> {
  const isOfJob = pod.metadata?.name === jobPodName(call.settings.runnerPod) || hasServices(pod)
  const isShared = pod.spec?.volumes?.some(volume => volume.persistentVolumeClaim !== undefined) === true
  return { graceSeconds: await stopSeconds(call, pod), isAwaited: !isOfJob || isShared }
}

/**
 * How long a pod may take to end. Services have Docker's stop time, unless each would let it pass: a first process that
 * catches no signal does not even notice that it is asked to end.
 */
async function stopSeconds(call: Call, pod: V1Pod): Promise<number> {
  const { kube, cancelled } = call
  const name = pod.metadata?.name ?? ''
  if (!hasServices(pod) || cancelled.aborted) return SHORT_SECONDS
  const running = (pod.status?.containerStatuses ?? []).flatMap(({ name: container, state }) =>
    !OURS.includes(container) && state?.running !== undefined ? [container] : []
  )
  const soon = AbortSignal.any([cancelled, AbortSignal.timeout(LOOK_MS)])
  const looks = running.map(async container => noticesStop(kube, { pod: name, container }, soon).catch(() => undefined))
  const reacts = (await Promise.all(looks)).some(notices => notices !== false)
  return reacts ? STOP_SECONDS : SHORT_SECONDS
}
