import type { V1Container, V1EnvVar, V1HostAlias, V1Pod } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'

import { applyOptions } from '../options/apply.js'
import type { ContainerOptions } from '../options/container-options.js'
import type { PodParts } from './pod-parts.js'
import { KEEP_ALIVE_COMMAND, SPOOL_PATH } from './spool.js'
import { JOB_CONTAINER } from './names.js'
import { podMetadata, type Owner } from './owner.js'
import { plainSpec } from './plain-spec.js'

export type PullPolicy = 'IfNotPresent' | 'Always' | 'Never'

/** The container of a service, and what its options ask for besides. */
export interface ServiceContainer {
  readonly container: V1Container
  readonly options: ContainerOptions
}

export interface JobPodRequest {
  readonly owner: Owner
  /** Besides the owner's. */
  readonly annotations: Readonly<Record<string, string>>
  readonly name: string
  /** Undefined for a job that has only services. */
  readonly job:
    | {
        readonly image: string
        readonly variables: readonly V1EnvVar[]
        readonly options: ContainerOptions
      }
    | undefined
  /** The services beside the job's container. */
  readonly services: readonly ServiceContainer[]
  /** Under which names it reaches services. */
  readonly hostAliases: readonly V1HostAlias[]
  readonly parts: PodParts
  readonly pullSecrets: readonly string[]
  readonly pullPolicy: PullPolicy | undefined
}

/** The volume of the spool: see `steps/supervisor.ts`. */
const SPOOL_VOLUME = 'kaniko-hooks'

/**
 * The pod of a job: container `job`, in which script steps run, and a container for each service. They share one
 * network, so that a service is reached on localhost.
 *
 * @throws HookError INPUT for options that want two volumes in one place
 */
export function jobPod(request: JobPodRequest): V1Pod {
  const pod = applyOptions(plainJobPod(request), JOB_CONTAINER, 'job', request.job?.options)
  return request.services.reduce(
    (made, { container, options }) => applyOptions(made, container.name, 'service', options),
    pod
  )
}

function plainJobPod(request: JobPodRequest): V1Pod {
  const { parts } = request
  const job = request.job === undefined ? [] : [jobContainer(request, request.job)]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(request.owner, request.name, request.annotations),
    spec: {
      ...plainSpec(request.owner),
      ...(request.hostAliases.length === 0 ? {} : { hostAliases: [...request.hostAliases] }),
      ...(parts.initContainers.length === 0 ? {} : { initContainers: [...parts.initContainers] }),
      containers: [...job, ...request.services.map(({ container }) => container), ...parts.beside],
      volumes: [...parts.volumes, { name: SPOOL_VOLUME, emptyDir: {} }],
      ...(parts.affinity === undefined ? {} : { affinity: parts.affinity }),
      ...(request.pullSecrets.length === 0 ? {} : { imagePullSecrets: request.pullSecrets.map(name => ({ name })) })
    }
  }
}

function jobContainer(request: JobPodRequest, job: NonNullable<JobPodRequest['job']>): V1Container {
  const [command, ...args] = KEEP_ALIVE_COMMAND
  return {
    name: JOB_CONTAINER,
    image: job.image,
    command: [command ?? 'sh'],
    args: args.map(literal),
    // No workingDir: the runtime makes a missing one for root, and an image's own user could not write there.
    env: [...job.variables],
    volumeMounts: [...request.parts.mounts, { name: SPOOL_VOLUME, mountPath: SPOOL_PATH }],
    ...(request.pullPolicy === undefined ? {} : { imagePullPolicy: request.pullPolicy })
  }
}
