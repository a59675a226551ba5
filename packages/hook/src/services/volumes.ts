import { isAbsolute } from 'node:path'

import type { V1Affinity, V1Volume, V1VolumeMount } from '@kubernetes/client-node'

import type { PodParts } from '../pods/pod-parts.js'
import type { ContainerArgs, VolumeArgs } from '../protocol/schema.js'
import { HookError } from '../report/errors.js'
import type { Workspace } from '../workspace/workspace.js'
import type { Service } from './service.js'

/** What a service's volumes add to its container and its pod. */
export interface ServiceVolumes {
  readonly mounts: readonly V1VolumeMount[]
  readonly volumes: readonly V1Volume[]
  readonly affinity?: V1Affinity
}

/** Where the volumes of services come from. */
export interface VolumeSources {
  readonly workspace: Workspace
  /** The work directory lies on a claim that any pod can mount. */
  readonly isClaim: boolean
  readonly job: ContainerArgs | null
  /** What the job's container mounts. */
  readonly jobParts: PodParts
}

/**
 * The volumes of each service, in their order: directories of the work directory, and named and anonymous volumes, which
 * begin empty and go with their pod. A named volume is one for all containers of a pod, the job's too.
 *
 * @throws HookError UNSUPPORTED for a path of the host, and for the work directory where its files are copied and the
 *   service is not in the pod that has them
 */
export function serviceVolumes(services: readonly Service[], sources: VolumeSources): ServiceVolumes[] {
  const { jobParts, job } = sources
  const shared = new Map<string, string>()
  for (const { sourceVolumePath: source, targetVolumePath: target } of job?.userMountVolumes ?? []) {
    const mount = jobParts.mounts.find(({ mountPath }) => mountPath === target)
    if (source !== null && mount !== undefined) shared.set(source, mount.name)
  }
  let count = 0
  const nextName = (): string => `service-volume-${(count += 1)}`
  return services.map(service => {
    const named = service.hasOwnPod ? new Map<string, string>() : shared
    const parts = service.args.userMountVolumes.map(volume =>
      isOfWork(volume) ? workMount(service, volume, sources) : emptyVolume(volume, named, nextName)
    )
    const affinity = parts.find(part => part.affinity !== undefined)?.affinity
    return {
      mounts: parts.flatMap(({ mounts }) => mounts),
      volumes: [
        ...new Map(parts.flatMap(({ volumes }) => volumes.map(volume => [volume.name, volume] as const))).values()
      ],
      ...(affinity === undefined ? {} : { affinity })
    }
  })
}

function isOfWork({ sourceVolumePath }: VolumeArgs): boolean {
  return sourceVolumePath !== null && isAbsolute(sourceVolumePath)
}

function workMount(service: Service, volume: VolumeArgs, { workspace, isClaim, job }: VolumeSources): ServiceVolumes {
  // Refuses what lies elsewhere on the host.
  const { mounts, volumes, affinity } = workspace.stepParts({ system: [], user: [volume] })
  if (isClaim) return { mounts, volumes, ...(affinity === undefined ? {} : { affinity }) }
  if (job !== null && !service.hasOwnPod) return { mounts, volumes: [] }
  throw new HookError(
    'UNSUPPORTED',
    `The service ${service.title} mounts ${volume.sourceVolumePath}, and ` +
      (job === null ? 'the job has no container' : 'has a pod of its own, since its port is taken in the job’s pod') +
      ': without a volume, only containers of the job’s pod see the work directory. Use a runner with a volume' +
      (job === null ? '.' : ', or give the service another port.')
  )
}

/** A named volume that the job or another service of the pod has is there already. */
function emptyVolume(volume: VolumeArgs, named: Map<string, string>, nextName: () => string): ServiceVolumes {
  const { sourceVolumePath: source, targetVolumePath: mountPath, readOnly } = volume
  const known = source === null ? undefined : named.get(source)
  const name = known ?? nextName()
  if (source !== null) named.set(source, name)
  return {
    mounts: [{ name, mountPath, ...(readOnly ? { readOnly } : {}) }],
    volumes: known === undefined ? [{ name, emptyDir: {} }] : []
  }
}
