import type { V1Affinity, V1EnvVar, V1HostAlias, V1Pod, V1Volume } from '@kubernetes/client-node'

import type { Call } from '../job/call.js'
import { awaitPod, startPod } from '../job/start-pod.js'
import { applyOptions } from '../options/apply.js'
import type { PullPolicy, ServiceContainer } from '../pods/job-pod.js'
import { servicePodName } from '../pods/names.js'
import { podMetadata, type Owner } from '../pods/owner.js'
import { plainSpec } from '../pods/plain-spec.js'
import type { PodParts } from '../pods/pod-parts.js'
import { applyTemplate, type Template } from '../pods/template.js'
import type { ServiceParts } from '../workspace/workspace.js'
import { announce } from './announced.js'
import { serviceContainer } from './container.js'
import type { Plan } from './plan.js'
import type { Service } from './service.js'
import { isReady } from './ready.js'
import { serviceVolumes, type VolumeSources } from './volumes.js'

/** Names and the address that they lead to. */
export interface Hosts {
  readonly ip: string
  readonly names: readonly string[]
}

/** The lines of a hosts file. */
export function aliasesOf(hosts: readonly Hosts[]): V1HostAlias[] {
  return hosts.flatMap(({ ip, names }) => (names.length === 0 ? [] : [{ ip, hostnames: [...names] }]))
}

/** A service with all that its container and its pod have. */
export interface PreparedService {
  readonly service: Service
  readonly variables: readonly V1EnvVar[]
  readonly volumes: ServiceParts
}

/** Gives each service of a job its variables and volumes, in their order. */
export function prepareServices(
  { services }: Plan,
  variables: readonly (readonly V1EnvVar[])[],
  sources: VolumeSources
): PreparedService[] {
  const volumes = serviceVolumes(services, sources)
  return services.map((service, index) => ({
    service,
    variables: variables[index] ?? [],
    volumes: volumes[index] ?? { mounts: [], volumes: [] }
  }))
}

/** What the services that run beside the job's container add to its pod. */
export interface Beside {
  readonly containers: readonly ServiceContainer[]
  readonly names: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
  readonly volumes: readonly V1Volume[]
  readonly affinity?: V1Affinity
}

/**
 * The services that have no pod of their own, for the job's pod.
 *
 * @throws HookError UNSUPPORTED when a word of one is longer than Linux allows
 */
export function servicesBeside(prepared: readonly PreparedService[], pullPolicy: PullPolicy | undefined): Beside {
  const inside = prepared.filter(({ service }) => !service.hasOwnPod)
  const affinity = inside.find(({ volumes }) => volumes.affinity !== undefined)?.volumes.affinity
  return {
    containers: inside.map(({ service, variables, volumes }) => ({
      container: serviceContainer(service, variables, volumes.mounts, pullPolicy),
      options: service.options
    })),
    names: inside.flatMap(({ service }) => service.hosts),
    annotations: announce(inside.map(({ service }) => service)),
    volumes: inside.flatMap(({ volumes }) => volumes.volumes),
    ...(affinity === undefined ? {} : { affinity })
  }
}

/** The parts of the job's pod, with the volumes of services. A volume that both mount is there once. */
export function withVolumes(parts: PodParts, { volumes, affinity = parts.affinity }: Beside): PodParts {
  const all = new Map([...volumes, ...parts.volumes].map(volume => [volume.name, volume]))
  return { ...parts, volumes: [...all.values()], ...(affinity === undefined ? {} : { affinity }) }
}

/** What all pods of a job have. */
export interface PodFacts {
  readonly owner: Owner
  readonly template: Template | undefined
  readonly pullSecrets: readonly string[]
}

/** The pod of one service, whose ports are taken in the pod of the job. */
export interface OwnPod extends Hosts {
  readonly service: Service
  readonly pod: string
  /** As it was sent. */
  readonly made: V1Pod
}

/**
 * Starts the pods of services that have one of their own, and waits until each has its address: a pod's hosts file is
 * written once. So each reaches by name those that were started before it, and the job reaches all.
 *
 * @throws KubeError, HookError POD_FAILED
 */
export async function startOwnPods(
  call: Call,
  services: readonly PreparedService[],
  facts: PodFacts
): Promise<OwnPod[]> {
  const started: OwnPod[] = []
  for (const prepared of services) {
    const { service } = prepared
    if (!service.hasOwnPod) continue
    const pod = servicePodName(call.settings.runnerPod)
    const hasAddress = (seen: V1Pod): boolean => isReady(seen, [service]) || seen.status?.podIP !== undefined
    const made = servicePod(call, pod, prepared, facts, started)
    const { status } = await startPod(call, made, hasAddress)
    const ip = status?.podIP ?? ''
    call.print(
      `Service ${service.title} has a pod of its own, ${pod}, since its port is taken in the job's pod: ` +
        `it is reached under ${service.hosts[0] ?? ip}, not on localhost.`
    )
    started.push({ service, pod, made, ip, names: service.hosts })
  }
  return started
}

function servicePod(
  { settings }: Call,
  name: string,
  { service, variables, volumes }: PreparedService,
  { owner, template, pullSecrets }: PodFacts,
  reached: readonly Hosts[]
): V1Pod {
  const hostAliases = aliasesOf([{ ip: '127.0.0.1', names: service.hosts }, ...reached])
  const pod: V1Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(owner, name, announce([service])),
    spec: {
      ...plainSpec(owner),
      hostAliases,
      containers: [serviceContainer(service, variables, volumes.mounts, settings.imagePullPolicy)],
      ...(volumes.volumes.length === 0 ? {} : { volumes: [...volumes.volumes] }),
      ...(volumes.affinity === undefined ? {} : { affinity: volumes.affinity }),
      ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map(secret => ({ name: secret })) })
    }
  }
  // Sidecars of the template are for the job's pod.
  return applyTemplate(applyOptions(pod, service.container, 'alone', service.options), template, 'step')
}

/** Waits until the services that have pods of their own run. */
export async function awaitOwnPods(call: Call, pods: readonly OwnPod[]): Promise<void> {
  await Promise.all(pods.map(async ({ made, service }) => awaitPod(call, made, seen => isReady(seen, [service]))))
}
