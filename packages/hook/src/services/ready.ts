import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'

import { JOB_CONTAINER } from '../pods/names.js'
import { HookError } from '../report/errors.js'
import type { Cluster } from '../job/call.js'

/** The kubelet looks at its containers once in a second, so a service that ended as it began passes for one that runs. */
const SERVICE_START_MS = 2_000

/**
 * Whether all containers run. A sidecar of the template may have done its work already.
 *
 * @throws HookError when the job container or a service ended: it would never be ready
 */
export function isReady(pod: V1Pod, services: readonly string[]): boolean {
  const statuses = pod.status?.containerStatuses ?? []
  for (const { name, state } of statuses) {
    const { exitCode, reason } = state?.terminated ?? {}
    // The pod's status says why the runtime could not even start a service, in the runtime's words.
    // A service may do one thing and end.
    if (exitCode === undefined || (exitCode === 0 && name !== JOB_CONTAINER)) continue
    if (reason === 'StartError' || reason === 'ContainerCannotRun') continue
    if (name !== JOB_CONTAINER && !services.includes(name)) continue
    throw new HookError(
      'POD_FAILED',
      `${name === JOB_CONTAINER ? 'The job container' : `The service ${name}`} ended with exit code ${exitCode} (${reason ?? 'Error'}) before the job began.`,
      { fault: 'user' }
    )
  }
  return (
    statuses.length === pod.spec?.containers.length &&
    statuses.every(({ state }) => state?.running !== undefined || state?.terminated?.exitCode === 0)
  )
}

/**
 * Sees that no service ended right after it began.
 *
 * @throws HookError when one did
 */
export async function seeServicesRun(
  { kube, cancelled }: Cluster,
  pod: string,
  services: readonly string[]
): Promise<void> {
  if (services.length === 0) return
  await sleep(SERVICE_START_MS, undefined, { signal: cancelled })
  isReady(await kube.get('pods', pod, { signal: cancelled }), services)
}
