import { setTimeout as sleep } from 'node:timers/promises'

import type { V1ContainerState, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { KubeError } from '@kaniko-hooks/kube'

import { HELPERS, JOB_CONTAINER } from '../pods/names.js'
import { HookError } from '../report/errors.js'
import type { Cluster, Configuration, Report } from '../job/call.js'
import { awaitHealthy, checkedServices } from './health.js'
import type { Service } from './service.js'

/** The kubelet looks at its containers once in a second, so a service that ended as it began passes for one that runs. */
const SERVICE_START_MS = 2_000

/**
 * Whether all containers run. A sidecar of the template may have done its work already.
 *
 * @param pod without what a webhook has put into it
 * @throws HookError, KubeError POD_FAILED when a container ended: the pod would never be ready
 */
export function isReady(pod: V1Pod, services: readonly Service[]): boolean {
  refuseEnded(pod, services)
  const statuses = pod.status?.containerStatuses ?? []
  for (const status of statuses) refuseFailedSidecar(pod, status, services)
  return (
    statuses.length === pod.spec?.containers.length &&
    statuses.every(({ state }) => state?.running !== undefined || state?.terminated?.exitCode === 0)
  )
}

/** @throws HookError POD_FAILED when the job's container or a service has ended */
function refuseEnded(pod: V1Pod, services: readonly Service[]): void {
  for (const { name, state } of pod.status?.containerStatuses ?? []) {
    const { exitCode, reason } = state?.terminated ?? {}
    // A service may do one thing and end.
    if (exitCode === undefined || (exitCode === 0 && name !== JOB_CONTAINER) || couldNotStart(state)) continue
    const service = services.find(({ container }) => container === name)
    if (name !== JOB_CONTAINER && service === undefined) continue
    throw new HookError(
      'POD_FAILED',
      `${service === undefined ? 'The job container' : `The service ${service.title} (${service.image})`} ended with exit code ${exitCode} (${reason ?? 'Error'}) before the job began.`,
      { fault: 'user' }
    )
  }
}

function refuseFailedSidecar(pod: V1Pod, { name, state }: V1ContainerStatus, services: readonly Service[]): void {
  const { exitCode = 0, reason = 'Error' } = state?.terminated ?? {}
  if (exitCode === 0 || couldNotStart(state) || services.some(({ container }) => container === name)) return
  const whose = HELPERS.has(name) ? 'of the hook itself' : 'of the hook template'
  const message = `Container "${name}" of pod "${pod.metadata?.name ?? ''}", which is ${whose}, ended with exit code ${exitCode} (${reason}) before the job began.`
  throw new KubeError('POD_FAILED', message, {
    problem: {
      fatal: 'now',
      container: name,
      reason,
      message,
      logTells: true,
      fault: HELPERS.has(name) ? 'cluster' : 'configuration'
    }
  })
}

/** The pod's status says why, in the runtime's words. */
function couldNotStart(state: V1ContainerState | undefined): boolean {
  return ['StartError', 'ContainerCannotRun'].includes(state?.terminated?.reason ?? '')
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
  await Promise.all(pods.map(async pod => refuseEnded(await call.kube.get('pods', pod, { signal }), services)))
}
