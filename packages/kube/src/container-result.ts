import type { V1Pod } from '@kubernetes/client-node'
import { outOfMemory } from './pod-problem.js'
import { condition, containerStatus, containerStatuses, isInitContainer, podLabel } from './pod-status.js'

/** How a container ended. */
export interface ContainerResult {
  /** Of the container; 1 when there is none to read. */
  readonly exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, … */
  readonly reason?: string
  /** The container's termination message. */
  readonly message?: string
  /** False when the code does not tell what the program did by itself: 0 is then no success. */
  readonly trustworthy: boolean
  /** Why not. A sentence. */
  readonly why?: string
}

/**
 * Reads a container's end from its pod. A pod that is deleted, evicted or past its deadline, and whose program traps
 * TERM, ends with 0: so 0 counts only when the pod ended well too, or when other containers still run and nobody is
 * ending it. Init containers count by their own state.
 *
 * @param options `trapsTerm`: false for a program that is known never to end with 0 because it was told to; its 0 counts
 *   before the kubelet has told the end of the pod, which comes a second later
 */
export function containerResult(
  pod: V1Pod,
  container: string,
  { trapsTerm = true }: { readonly trapsTerm?: boolean } = {}
): ContainerResult {
  const terminated = containerStatus(pod, container)?.state?.terminated
  if (terminated === undefined) {
    const said = disturbance(pod, container) ?? `phase ${pod.status?.phase ?? 'unknown'}`
    return {
      exitCode: 1,
      trustworthy: false,
      why: `Container "${container}" of ${podLabel(pod)} has no exit code (${said}).`
    }
  }
  const { exitCode, reason, message } = terminated
  const why = whyNot(pod, container, { exitCode, reason, trapsTerm })
  return {
    exitCode,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    trustworthy: why === undefined,
    ...(why !== undefined && { why })
  }
}

function whyNot(
  pod: V1Pod,
  container: string,
  { exitCode, reason, trapsTerm }: { exitCode: number; reason: string | undefined; trapsTerm: boolean }
): string | undefined {
  if (reason === 'OOMKilled') return outOfMemory(pod, container)
  const disturbed = disturbance(pod, container)
  if (disturbed !== undefined) {
    return (
      `Container "${container}" of ${podLabel(pod)} ended with exit code ${exitCode}, ` +
      `but not by itself: ${disturbed}.`
    )
  }
  if (exitCode !== 0 || !trapsTerm || isInitContainer(pod, container)) return undefined
  const phase = pod.status?.phase ?? 'unknown'
  const othersRun = containerStatuses(pod).some(
    ({ name, state }) => name !== container && state?.terminated === undefined
  )
  const othersFailed = containerStatuses(pod).some(
    ({ name, state }) => name !== container && (state?.terminated?.exitCode ?? 0) !== 0
  )
  if (phase === 'Succeeded' || othersRun || (phase === 'Failed' && othersFailed)) return undefined
  return `Container "${container}" ended with exit code 0, but the phase of ${podLabel(pod)} is ${phase}.`
}

/** What ended a pod, or is about to, besides its own programs; undefined for nothing. The end of a sentence. */
export function disturbance(pod: V1Pod, container: string): string | undefined {
  const reason = pod.status?.reason
  const message = pod.status?.message
  if (reason !== undefined && reason !== '') {
    return `the pod was ended (${reason}${message === undefined ? '' : `: ${message}`})`
  }
  const target = condition(pod, 'DisruptionTarget', 'True')
  if (target !== undefined)
    return `the pod was taken away (${[target.reason, target.message].filter(Boolean).join(': ')})`
  if (containerStatus(pod, container)?.state?.terminated?.reason === 'ContainerStatusUnknown') {
    return 'the node lost the container'
  }
  return pod.metadata?.deletionTimestamp === undefined ? undefined : 'the pod was deleted'
}
