import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Fault } from './fault.js'
import { condition, containerSpec, containerStatuses, hasBegun, isFinished, podLabel } from './pod-status.js'

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
  /**
   * The pod was refused before anything of it ran (`OutOfcpu`, `UnexpectedAdmissionError`, `NodeShutdown`, `Evicted`, …): the same pod
   * may do well on another node, and nothing is done twice.
   */
  readonly beforeStart?: true
  /** A container whose words nobody else has printed has ended with an error: its log tells why. */
  readonly logTells?: true
}

/** The first problem in a pod's status, the most decisive first. Pure: it knows only this one state. */
export function podProblem(pod: V1Pod): PodProblem | undefined {
  return findEnd(pod) ?? inContainers(pod) ?? findDisruption(pod) ?? findUnscheduled(pod)
}

/** The kubelet ended or refused the pod: `status.reason` says why. */
function findEnd(pod: V1Pod): PodProblem | undefined {
  const reason = pod.status?.reason
  if (pod.status?.phase !== 'Failed' || reason === undefined || reason === '') return undefined
  const said = quote(pod.status.message)
  const label = capital(podLabel(pod))
  const begun = containerStatuses(pod).some(hasBegun) ? {} : { beforeStart: true as const }
  if (reason === 'Evicted') {
    return {
      fatal: 'now',
      reason,
      message: `${label} was evicted from its node.${said} Give it requests (memory, ephemeral-storage) that fit.`,
      fault: 'cluster',
      ...begun
    }
  }
  if (reason === 'DeadlineExceeded') {
    return {
      fatal: 'now',
      reason,
      message: `${label} was ended at its deadline (activeDeadlineSeconds).${said}`,
      fault: 'configuration'
    }
  }
  // OutOfcpu, OutOfmemory, NodeAffinity, UnexpectedAdmissionError, Preempting, NodeShutdown, Terminated, …
  return {
    fatal: 'now',
    reason,
    message: `${label} was rejected or ended by its node: ${reason}.${said}`,
    fault: 'cluster',
    ...begun
  }
}

function inContainers(pod: V1Pod): PodProblem | undefined {
  for (const status of containerStatuses(pod)) {
    const finding = waiting(pod, status) ?? findTermination(pod, status)
    if (finding !== undefined) return { ...finding, container: status.name }
  }
  return undefined
}

/** The kubelet's or the registry's own throttle: it passes, and giving up would fail a job for nothing. */
const THROTTLED = /QPS exceeded|toomanyrequests|429 Too Many Requests/i

function pullFatality(message: string): PodProblem['fatal'] {
  if (THROTTLED.test(message)) return 'wait'
  return UNPARSABLE.test(message) ? 'now' : 'after-grace'
}

function waiting(pod: V1Pod, status: V1ContainerStatus): PodProblem | undefined {
  const reason = status.state?.waiting?.reason
  const message = status.state?.waiting?.message
  if (reason === undefined) return undefined
  const image = `image "${status.image}" for container "${status.name}" of ${podLabel(pod)}`
  const container = `Container "${status.name}" of ${podLabel(pod)}`
  const said = quote(message)
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'SignatureValidationFailed':
      return {
        fatal: pullFatality(message ?? ''),
        reason,
        message: `The ${image} cannot be pulled (${reason}).${said}${pullHint(message ?? '')}`,
        fault: pullFault(message ?? '')
      }
    case 'InvalidImageName':
      return { fatal: 'now', reason, message: `The name of the ${image} is not valid.${said}`, fault: 'user' }
    case 'ErrImageNeverPull':
      return {
        fatal: 'now',
        reason,
        message: `The ${image} is not on the node, and imagePullPolicy is Never.${said}`,
        fault: 'configuration'
      }
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'ImageInspectError':
      return { fatal: 'after-grace', reason, message: `${container} cannot be created.${said}`, fault: 'configuration' }
    case 'RunContainerError':
    case 'PostStartHookError':
      return { fatal: 'now', reason, message: `${container} cannot be started.${said}`, fault: 'user' }
    case 'CrashLoopBackOff':
      return {
        fatal: 'now',
        reason,
        message: `${container} ends again and again.${said}${lastExit(status)}`,
        fault: 'user'
      }
    default:
      return undefined
  }
}

function findTermination(pod: V1Pod, status: V1ContainerStatus): PodProblem | undefined {
  const { reason, message, exitCode } = status.state?.terminated ?? {}
  if (exitCode === undefined) return undefined
  const container = `Container "${status.name}" of ${podLabel(pod)}`
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return { fatal: 'now', reason, message: `${container} cannot be started.${quote(message)}`, fault: 'user' }
  }
  if (reason === 'OOMKilled') {
    return { fatal: isFinished(pod) ? 'now' : 'wait', reason, message: outOfMemory(pod, status.name), fault: 'user' }
  }
  if (reason === 'ContainerStatusUnknown') {
    return {
      fatal: isFinished(pod) ? 'now' : 'wait',
      reason,
      message: `${container} vanished with its node or was lost by it.${quote(message)}`,
      fault: 'cluster'
    }
  }
  // A container that is started again and again runs beside the others, and is stopped after them, whatever its exit code.
  const isInit =
    pod.status?.initContainerStatuses?.includes(status) === true &&
    containerSpec(pod, status.name)?.restartPolicy !== 'Always'
  if (isInit && exitCode !== 0 && pod.spec?.restartPolicy === 'Never') {
    return {
      fatal: 'now',
      reason: reason ?? 'Error',
      message: `Init container "${status.name}" of ${podLabel(pod)} ended with exit code ${exitCode}.${quote(message)}`,
      logTells: true,
      // A workflow has none.
      fault: 'configuration'
    }
  }
  return undefined
}

/** Somebody is taking the pod away: an eviction, a preemption, a node's end, a deletion. */
function findDisruption(pod: V1Pod): PodProblem | undefined {
  const fatal = containerStatuses(pod).some(hasBegun) ? 'wait' : 'now'
  const target = condition(pod, 'DisruptionTarget', 'True')
  if (target !== undefined) {
    const reason = target.reason ?? 'DisruptionTarget'
    return {
      fatal,
      reason,
      message: `${capital(podLabel(pod))} is being taken away from its node (${reason}).${quote(target.message)}`,
      fault: 'cluster'
    }
  }
  if (pod.metadata?.deletionTimestamp === undefined) return undefined
  return { fatal, reason: 'Deleted', message: `${capital(podLabel(pod))} is being deleted.`, fault: 'cluster' }
}

function findUnscheduled(pod: V1Pod): PodProblem | undefined {
  const unmet = condition(pod, 'PodScheduled', 'False')
  if (unmet === undefined) return undefined
  const reason = unmet.reason ?? 'Unschedulable'
  return {
    fatal: 'wait',
    reason,
    message: `No node takes ${podLabel(pod)} yet (${reason}).${quote(unmet.message)}`,
    fault: 'cluster'
  }
}

/** The sentence for a container that used more memory than it may. */
export function outOfMemory(pod: V1Pod, container: string): string {
  const limit = containerSpec(pod, container)?.resources?.limits?.['memory']
  const limitText = limit === undefined ? 'the node ran out of memory, it has no limit of its own' : `limit ${limit}`
  return (
    `Container "${container}" of ${podLabel(pod)} was ended because it used too much memory (OOMKilled, ${limitText}). ` +
    'Use less, or raise the memory limit.'
  )
}

function lastExit(status: V1ContainerStatus): string {
  const last = status.lastState?.terminated
  return last === undefined ? '' : ` The last time with exit code ${last.exitCode} (${last.reason ?? 'Error'}).`
}

// Registries have no common machine-readable reason that reaches the pod's status. These only choose the advice.
const CREDENTIALS = /unauthorized|denied|forbidden|401|403|no basic auth|authentication/i
const UNPARSABLE = /invalid reference format|failed to parse image/i
const NETWORK =
  /no such host|i\/o timeout|connection refused|connection reset|TLS|x509|HTTP response to HTTPS|deadline/i

function pullHint(said: string): string {
  if (CREDENTIALS.test(said)) {
    return ' Check the name and the credentials (for ghcr.io with the job token: permissions packages: read).'
  }
  if (NETWORK.test(said)) return ' The node cannot reach the registry, or does not trust it.'
  return ' Check the name and the tag.'
}

function pullFault(said: string): Fault {
  if (CREDENTIALS.test(said)) return 'configuration'
  return NETWORK.test(said) ? 'cluster' : 'user'
}

function quote(said: string | undefined): string {
  const text = said?.replace(/\s+/g, ' ').trim() ?? ''
  if (text === '') return ''
  return /[.!?]$/.test(text) ? ` ${text}` : ` ${text}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
