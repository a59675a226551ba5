import type { V1ContainerState, V1Pod } from '@kubernetes/client-node'

import type { Cluster, Configuration } from '../job/call.js'
import { ownedSelector } from '../pods/owner.js'
import type { Service } from './service.js'

/** Tells later calls which containers of a pod are services, and what people call them: a mapping, as JSON. */
const ANNOTATION = 'kaniko-hooks/services'

/** The annotation for a pod with these services. */
export function announce(services: readonly Service[]): Record<string, string> {
  if (services.length === 0) return {}
  return {
    [ANNOTATION]: JSON.stringify(Object.fromEntries(services.map(({ container, title }) => [container, title])))
  }
}

/** Whether a pod was made with services. */
export function hasServices(pod: V1Pod): boolean {
  return pod.metadata?.annotations?.[ANNOTATION] !== undefined
}

/** A service as it is in the cluster. */
export interface RunningService {
  readonly pod: string
  readonly container: string
  readonly title: string
  readonly image: string
  readonly state: V1ContainerState
}

/** The services of this runner's job, by one request. */
export async function listServices(
  { kube, settings }: Cluster & Configuration,
  signal: AbortSignal
): Promise<RunningService[]> {
  const pods = await kube.list('pods', { labelSelector: ownedSelector(settings.runnerPod), signal })
  return pods.flatMap(servicesIn)
}

function servicesIn(pod: V1Pod): RunningService[] {
  const titles = readTitles(pod.metadata?.annotations?.[ANNOTATION])
  return (pod.spec?.containers ?? []).flatMap(({ name, image = '' }) => {
    const title = titles[name]
    if (typeof title !== 'string') return []
    const status = pod.status?.containerStatuses?.find(candidate => candidate.name === name)
    return [{ pod: pod.metadata?.name ?? '', container: name, title, image, state: status?.state ?? {} }]
  })
}

/** A cluster's own programs may change annotations. */
function readTitles(annotation = '{}'): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(annotation) as object) }
  } catch {
    return {}
  }
}
