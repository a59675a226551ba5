import type { V1Container, V1EnvVar, V1HostAlias, V1Pod } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'

import type { ContainerArgs } from '../protocol/schema.js'
import { splitArguments } from './arguments.js'
import type { PodParts } from './pod-parts.js'
import { KEEP_ALIVE_COMMAND, SPOOL_PATH } from './spool.js'
import { refuseLongStrings } from './long-strings.js'
import { JOB_CONTAINER } from './names.js'
import { lifeOf, podMetadata, type Owner } from './owner.js'

export type PullPolicy = 'IfNotPresent' | 'Always' | 'Never'

export interface ServiceContainer {
  readonly name: string
  readonly args: ContainerArgs
  readonly variables: readonly V1EnvVar[]
}

export interface JobPodRequest {
  readonly owner: Owner
  readonly name: string
  /** Null for a job that has only services. */
  readonly job: { readonly args: ContainerArgs; readonly image: string; readonly variables: readonly V1EnvVar[] } | null
  readonly services: readonly ServiceContainer[]
  readonly parts: PodParts
  readonly pullSecrets: readonly string[]
  readonly pullPolicy: PullPolicy | undefined
}

const MAX_PORTS = 100

/** The volume of the spool: see `steps/supervisor.ts`. */
const SPOOL_VOLUME = 'kaniko-hooks'

/**
 * The pod of a job: container `job`, in which script steps run, and a container for each service. They share one
 * network, so that a service is reached on localhost.
 */
export function jobPod(request: JobPodRequest): V1Pod {
  const { parts } = request
  const job = request.job === null ? [] : [jobContainer(request, request.job)]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(request.owner, request.name),
    spec: {
      restartPolicy: 'Never',
      ...lifeOf(request.owner),
      // A step must not reach the API server with anybody's rights.
      automountServiceAccountToken: false,
      // Else every Service of the namespace is in each container's environment; thousands keep a container from starting.
      enableServiceLinks: false,
      ...(request.services.length === 0 ? {} : { hostAliases: serviceAliases('127.0.0.1', request.services) }),
      ...(parts.initContainers.length === 0 ? {} : { initContainers: [...parts.initContainers] }),
      containers: [
        ...job,
        ...request.services.map(service => serviceContainer(service, request.pullPolicy)),
        ...parts.beside
      ],
      volumes: [...parts.volumes, { name: SPOOL_VOLUME, emptyDir: {} }],
      ...(parts.affinity === undefined ? {} : { affinity: parts.affinity }),
      ...(request.pullSecrets.length === 0 ? {} : { imagePullSecrets: request.pullSecrets.map(name => ({ name })) })
    }
  }
}

/**
 * The lines of a hosts file that give services their names.
 *
 * @param ip of the job pod, as seen by who reads the file
 */
export function serviceAliases(ip: string, services: readonly { readonly name: string }[]): V1HostAlias[] {
  // A service of this name must not take loopback away from what runs in a step's own pod.
  const hostnames = services.map(({ name }) => name).filter(name => name !== 'localhost')
  return hostnames.length === 0 ? [] : [{ ip, hostnames }]
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
    ...pullPolicyOf(request.pullPolicy)
  }
}

function serviceContainer(
  { name, args, variables }: ServiceContainer,
  pullPolicy: PullPolicy | undefined
): V1Container {
  const words = splitArguments(args.entryPointArgs.join(' '))
  refuseLongStrings({}, words)
  // They are for people who read the pod; a range of thousands would only make the pod too large for the API server.
  const ports = portsOf(args.portMappings).slice(0, MAX_PORTS)
  return {
    name,
    image: args.image ?? '',
    ...(args.entryPoint === null || args.entryPoint === '' ? {} : { command: [literal(args.entryPoint)] }),
    ...(words.length === 0 ? {} : { args: words.map(literal) }),
    env: [...variables],
    // Never a hostPort: two runners on one node would want the same.
    ...(ports.length === 0
      ? {}
      : { ports: ports.map(({ port, protocol }) => ({ containerPort: port, protocol: protocol.toUpperCase() })) }),
    ...pullPolicyOf(pullPolicy)
  }
}

function pullPolicyOf(policy: PullPolicy | undefined): { imagePullPolicy?: PullPolicy } {
  return policy === undefined ? {} : { imagePullPolicy: policy }
}

export interface Port {
  readonly port: number
  readonly protocol: Protocol
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const
type Protocol = (typeof PROTOCOLS)[number]

/**
 * The container ports of Docker's port mappings: `80`, `8080:80`, `127.0.0.1:8080:80`, `53:53/udp`, `8000-8002:80-82`.
 * What Docker would refuse is left out.
 */
export function portsOf(mappings: readonly string[]): Port[] {
  const seen = new Set<string>()
  return mappings.flatMap(mapping => {
    const [address = '', name = 'tcp'] = mapping.toLowerCase().split('/')
    const protocol = PROTOCOLS.find(known => known === name)
    const [first = NaN, last = first] = (address.split(':').at(-1) ?? '').split('-').map(portNumber)
    if (protocol === undefined || !(last >= first)) return []
    const ports = Array.from({ length: last - first + 1 }, (_, index) => ({ port: first + index, protocol }))
    return ports.filter(({ port }) => {
      const key = `${port}/${protocol}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
  })
}

function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN
  return port >= 1 && port <= 65_535 ? port : NaN
}

/** `ports` of a response: all containers of the job share one network, so a port is reached under its own number. */
export function portAnswer(mappings: readonly string[]): Record<string, string> {
  return Object.fromEntries(portsOf(mappings).map(({ port }) => [String(port), String(port)]))
}
