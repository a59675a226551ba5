import { isKubeError, type Kube, type V1Pod, type V1PodSpec, waitForPod } from '@kaniko-hooks/kube'

import { type Finding, quoted, wordsOf } from './finding.js'
import type { Traces } from './traces.js'

/** By which people and `kbuild gc` find what a kbuild that was killed has left. */
export const LABELS = { 'app.kubernetes.io/managed-by': 'kbuild', 'app.kubernetes.io/component': 'doctor' }

/** A pod of a doctor that was killed ends by itself then. */
export const LIFE_SECONDS = 300

/** Nobody in particular. Our programs need no right, so that our pods are let into every namespace. */
const USER = 65_532

/** The program of a pod that shall not run anything: the runtime finds none of that name, after everything else was done. */
const NOTHING = '/kbuild-doctor-runs-nothing'

export const CONTAINER = 'doctor'

/** A pod within PodSecurity `restricted`, for checks. */
export function plainPod(name: string, spec: Pick<V1PodSpec, 'containers'> & Partial<V1PodSpec>): V1Pod {
  return {
    metadata: { name, labels: LABELS },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: LIFE_SECONDS,
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' }
      },
      ...spec,
      containers: spec.containers.map(container => ({
        ...container,
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '256Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] }
        }
      }))
    }
  }
}

/** What an idle pod has besides its image. */
interface IdlePod {
  readonly pullAlways?: boolean
  readonly pullSecrets?: readonly string[]
  readonly pod?: Partial<V1PodSpec>
  readonly mounts?: NonNullable<V1PodSpec['containers'][number]['volumeMounts']>
}

/** A pod that is scheduled, mounts its volumes and pulls its image, and runs nothing. */
function idlePod(name: string, image: string, more: IdlePod): V1Pod {
  const { pullAlways = false, pullSecrets = [], pod, mounts } = more
  return plainPod(name, {
    ...pod,
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map(secret => ({ name: secret })) }),
    containers: [
      {
        name: CONTAINER,
        image,
        command: [NOTHING],
        ...(pullAlways ? { imagePullPolicy: 'Always' } : {}),
        ...(mounts === undefined ? {} : { volumeMounts: [...mounts] })
      }
    ]
  })
}

/** Reasons of a node that could not get an image. The kubelet would try again; for a question, the first answer is enough. */
const NOT_PULLED = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable']

/** Where an idle pod is tried. */
export interface Trial {
  readonly kube: Kube
  readonly traces: Traces
  readonly limitMs: number
  /** Of the pod. */
  readonly name: string
}

/** How far a pod came on its node. By then its volumes are mounted. */
export interface Arrival {
  readonly node: string
  /** Why the node could not pull the image, in its words. */
  readonly notPulled: string | undefined
}

/**
 * Makes an idle pod, waits until its node got as far as starting its program, or not, and removes the pod.
 *
 * @param image of its container
 * @throws KubeError with the words of scheduler or kubelet when it came to no node, or not that far
 */
export async function tryPod(
  { kube, traces, limitMs, name }: Trial,
  image: string,
  more: IdlePod,
  signal: AbortSignal
): Promise<Arrival> {
  const trace = traces.addPod(kube, name)
  try {
    await kube.create('pods', idlePod(name, image, more), { signal })
    return await awaitArrival(kube, name, limitMs, signal)
  } finally {
    await trace.remove().catch((error: unknown) => {
      // It stays among the traces, and is told when it cannot be removed in the end either.
      if (!isKubeError(error)) throw error
    })
  }
}

/**
 * Waits until a pod's container runs, has ended, or its image could not be pulled.
 *
 * @throws KubeError with the words of scheduler or kubelet
 */
export async function awaitArrival(kube: Kube, name: string, limitMs: number, signal: AbortSignal): Promise<Arrival> {
  const pod = await waitForPod(kube, name, isDecided, { timeoutMs: limitMs, stuckMs: limitMs, signal })
  const { reason = '', message = reason } = pod.status?.containerStatuses?.[0]?.state?.waiting ?? {}
  const notPulled = NOT_PULLED.includes(reason) ? quoted(message) : undefined
  return { node: pod.spec?.nodeName ?? '', notPulled }
}

function isDecided(pod: V1Pod): boolean {
  const state = pod.status?.containerStatuses?.[0]?.state
  if (state?.terminated !== undefined || state?.running !== undefined) return true
  return [...NOT_PULLED, 'RunContainerError', 'CrashLoopBackOff'].includes(state?.waiting?.reason ?? '')
}

/**
 * The finding for a pod that came to no node, or was not begun there: what that says is not about the question.
 *
 * @throws the error when it is none of a cluster
 */
export function noArrival(check: string, error: unknown, signal: AbortSignal): Finding {
  if (!isKubeError(error) || signal.aborted) throw error
  const says = wordsOf(error)
  if (error.problem?.reason === 'Unschedulable') {
    return {
      check,
      state: 'failed',
      says,
      mend: 'kubectl get nodes # one with room for a small pod, and without a taint'
    }
  }
  return { check, state: 'unknown', says }
}
