import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'

import { JOB_CONTAINER } from '../pods/names.js'
import { HookError } from '../report/errors.js'
import type { Cluster, Configuration, Report } from '../job/call.js'
import { awaitHealthy, checkedServices } from './health.js'
import type { Service } from './service.js'

/** The kubelet looks at its containers once in a second, so a service that ended as it began passes for one that runs. */
const SERVICE_START_MS = 2_000

/**
 * Whether all containers run. A sidecar of the template may have done its work already.
 *
 * @throws HookError when the job container or a service ended: it would never be ready
 */
export function isReady(pod: V1Pod, services: readonly Service[]): boolean {
  const statuses = pod.status?.containerStatuses ?? []
  for (const { name, state } of statuses) {
    const { exitCode, reason } = state?.terminated ?? {}
    // The pod's status says why the runtime could not even start a service, in the runtime's words.
    // A service may do one thing and end.
    if (exitCode === undefined || (exitCode === 0 && name !== JOB_CONTAINER)) continue
    if (reason === 'StartError' || reason === 'ContainerCannotRun') continue
    const service = services.find(({ container }) => container === name)
    if (name !== JOB_CONTAINER && service === undefined) continue
    throw new HookError(
      'POD_FAILED',
      `${service === undefined ? 'The job container' : `The service ${service.title} (${service.image})`} ended with exit code ${exitCode} (${reason ?? 'Error'}) before the job began.`,
      { fault: 'user' }
    )
  }
  return (
    statuses.length === pod.spec?.containers.length &&
    statuses.every(({ state }) => state?.running !== undefined || state?.terminated?.exitCode === 0)
  )
}

/**
 * Waits until the services are healthy that say how to tell, and sees that none ended right after it began.
 *
 * @param podOf gives the name of the pod in which a service runs
 * @param signal ends it
 * @throws HookError POD_FAILED when a service ended or is unhealthy
 */
export async function awaitServices(
  call: Cluster & Configuration & Report,
  services: readonly Service[],
  podOf: (service: Service) => string,
  signal: AbortSignal
): Promise<void> {
  if (services.length === 0) return
  const pods = [...new Set(services.map(podOf))]
  await Promise.all([
    sleep(SERVICE_START_MS, undefined, { signal }),
    awaitHealthy(call, checkedServices(services, podOf), signal)
  ])
  await Promise.all(pods.map(async pod => isReady(await call.kube.get('pods', pod, { signal }), services)))
}
