import { type ContainerResult, containerResult, hasEnded, type V1Pod } from '@kaniko-hooks/kube'
import { KANIKO_CONTAINER } from './pod.js'

/**
 * How Kaniko ended. It listens to no signal, and Go's runtime ends a process that is told to with 2 (docs/notes/kaniko.md): a 0 is
 * its own.
 */
export function kanikoEnd(pod: V1Pod): ContainerResult {
  return containerResult(pod, KANIKO_CONTAINER, { trapsTerm: false })
}

/** Whether no more is to be known of Kaniko's end: it is told a second before that of the pod, which tells why a build failed. */
export function hasKanikoEnded(pod: V1Pod): boolean {
  return kanikoEnd(pod).exitCode === 0 || hasEnded(pod, KANIKO_CONTAINER)
}
