import type { V1EnvVar, V1HostAlias, V1Job, V1PodTemplateSpec } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'

import { applyOptions } from '../options/apply.js'
import type { ContainerOptions } from '../options/container-options.js'
import type { ContainerArgs } from '../protocol/schema.js'
import { splitArguments } from './arguments.js'
import type { PodParts } from './pod-parts.js'
import type { PullPolicy } from './job-pod.js'
import { refuseLongStrings } from './long-strings.js'
import { JOB_CONTAINER } from './names.js'
import { ownedBy, podMetadata, type Owner } from './owner.js'
import { plainSpec } from './plain-spec.js'

/** A finished Job stays longer than the longest API outage that a step survives (5 minutes). */
const TTL_SECONDS = 900

export interface StepPodRequest {
  readonly owner: Owner
  readonly name: string
  readonly image: string
  readonly args: ContainerArgs
  readonly options?: ContainerOptions
  readonly variables: readonly V1EnvVar[]
  readonly parts: PodParts
  readonly pullSecrets: readonly string[]
  readonly pullPolicy: PullPolicy | undefined
  /** Under which names the services of the job are reached. */
  readonly hostAliases: readonly V1HostAlias[]
}

/**
 * The pod of a container step. It runs the image's own ENTRYPOINT and CMD unless the step names others, as
 * `docker run` does; nothing is required of the image.
 *
 * @throws HookError INPUT for options that want two volumes in one place
 */
export function stepPod(request: StepPodRequest): V1PodTemplateSpec {
  return applyOptions(plainStepPod(request), JOB_CONTAINER, 'alone', request.options)
}

function plainStepPod(request: StepPodRequest): V1PodTemplateSpec {
  const { args, parts } = request
  const words = splitArguments(args.entryPointArgs.join(' '))
  refuseLongStrings({}, words)
  return {
    metadata: podMetadata(request.owner, request.name),
    spec: {
      ...plainSpec(request.owner),
      ...(request.hostAliases.length === 0 ? {} : { hostAliases: [...request.hostAliases] }),
      ...(parts.initContainers.length === 0 ? {} : { initContainers: [...parts.initContainers] }),
      containers: [
        {
          name: JOB_CONTAINER,
          image: request.image,
          ...(args.entryPoint === null || args.entryPoint === '' ? {} : { command: [literal(args.entryPoint)] }),
          ...(words.length === 0 ? {} : { args: words.map(literal) }),
          ...(args.workingDirectory === null ? {} : { workingDir: args.workingDirectory }),
          env: [...request.variables],
          volumeMounts: [...parts.mounts],
          ...(request.pullPolicy === undefined ? {} : { imagePullPolicy: request.pullPolicy })
        },
        ...parts.beside
      ],
      volumes: [...parts.volumes],
      ...(parts.affinity === undefined ? {} : { affinity: parts.affinity }),
      ...(request.pullSecrets.length === 0 ? {} : { imagePullSecrets: request.pullSecrets.map(name => ({ name })) })
    }
  }
}

/** The Job around a step's pod: one try, and gone by itself when nobody deletes it. */
export function stepJob(owner: Owner, name: string, template: V1PodTemplateSpec): V1Job {
  // The Job names its pods itself.
  const { name: _name, ...metadata } = template.metadata ?? {}
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: ownedBy(owner, name),
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: { ...template, metadata }
    }
  }
}
