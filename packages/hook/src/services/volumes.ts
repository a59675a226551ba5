import { isAbsolute } from 'node:path'

import { HookError } from '../report/errors.js'
import type { VolumeArgs } from '../protocol/schema.js'
import type { ServiceParts, Workspace } from '../workspace/workspace.js'
import type { Service } from './service.js'

/** Where the volumes of services come from. */
export interface VolumeSources {
  readonly workspace: Workspace
  /** The work directory lies on a claim that any pod can mount. */
  readonly isClaim: boolean
  readonly hasJobContainer: boolean
}

/**
 * The volumes of each service, in their order: directories of the work directory, and named and anonymous volumes, which
 * begin empty and go with their pod. A named volume is one for all containers of a pod, the job's too.
 *
 * @throws HookError INPUT for a place where nothing can be mounted, UNSUPPORTED for a path of the host or one that goes through
 *   a link, and for the work directory where its files are copied and the service is not in the pod that has them
 */
export function serviceVolumes(services: readonly Service[], sources: VolumeSources): ServiceParts[] {
  return services.map(service => {
    const parts = sources.workspace.serviceParts(service.args.userMountVolumes, service.container)
    refuseFarCopies(service, sources)
    return parts
  })
}

function refuseFarCopies(service: Service, { isClaim, hasJobContainer }: VolumeSources): void {
  const source = service.args.userMountVolumes.find(isOfWork)?.sourceVolumePath
  if (source === undefined || isClaim || (hasJobContainer && !service.hasOwnPod)) return
  throw new HookError(
    'UNSUPPORTED',
    `The service ${service.title} mounts ${source}, and ` +
      (hasJobContainer
        ? 'has a pod of its own, since its port is taken in the job’s pod'
        : 'the job has no container') +
      ': without a volume, only containers of the job’s pod see the work directory. Use a runner with a volume' +
      (hasJobContainer ? ', or give the service another port.' : '.')
  )
}

function isOfWork({ sourceVolumePath }: VolumeArgs): boolean {
  return sourceVolumePath !== null && isAbsolute(sourceVolumePath)
}
