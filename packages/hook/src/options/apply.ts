import type { V1Container, V1HostAlias, V1Pod, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import type { ContainerArgs } from '../protocol/schema.js'
import { MAX_NAMESERVERS, type ContainerOptions } from './container-options.js'

/** The annotation that has the labels of all containers, as JSON. */
const LABELS = 'kaniko-hooks/labels'

/** What the runner says itself of each container, after its options. */
const OF_THE_RUNNER = new Set(['CI', 'GITHUB_ACTIONS'])

/**
 * Puts into the runner's request what it has fields for: variables, volumes and ports. What the request says itself wins, as
 * the runner writes it behind the options.
 *
 * @param fromFiles the variables of the options' files
 */
export function withOptions(
  args: ContainerArgs,
  options: ContainerOptions,
  fromFiles: Readonly<Record<string, string>> = {}
): ContainerArgs {
  const variables = Object.entries({ ...fromFiles, ...options.environment })
  return {
    ...args,
    environmentVariables: {
      ...Object.fromEntries(variables.filter(([name]) => !OF_THE_RUNNER.has(name))),
      ...args.environmentVariables
    },
    userMountVolumes: [...args.userMountVolumes, ...options.volumes],
    portMappings: [...args.portMappings, ...options.ports]
  }
}

/**
 * What a container is: the job's own, which runs what keeps it alive, and whose steps name their directories; a service beside it;
 * or the one for which its pod is made, a step's or a service's.
 */
export type ContainerRole = 'job' | 'service' | 'alone'

/**
 * Puts the rest of the options into the pod. The hook template comes after that, and wins.
 *
 * @param name of the container
 * @throws HookError INPUT when two volumes want one place
 */
export function applyOptions<T extends V1Pod | V1PodTemplateSpec>(
  pod: T,
  name: string,
  role: ContainerRole,
  options: ContainerOptions | undefined
): T {
  if (options === undefined) return pod
  const { spec } = pod
  const container = spec?.containers.find(candidate => candidate.name === name)
  if (spec === undefined || container === undefined) return pod
  const volumes = options.memoryMounts.map(({ bytes }, index) => ({
    name: `${name}-memory-${index}`,
    emptyDir: { medium: 'Memory', ...(bytes === undefined ? {} : { sizeLimit: String(bytes) }) }
  }))
  const mounts = options.memoryMounts.map(({ path, readOnly }, index) => ({
    name: `${name}-memory-${index}`,
    mountPath: path,
    ...(readOnly ? { readOnly } : {})
  }))
  const taken = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath))
  const twice = mounts.find(({ mountPath }) => taken.has(mountPath))?.mountPath
  if (twice !== undefined) {
    throw new HookError('INPUT', `The options of container ${name} mount a second volume at ${twice}.`)
  }
  const changed = {
    ...(role === 'job' ? container : withProgram(container, options)),
    ...fieldsFor(role, container, options.container),
    ...(mounts.length === 0 ? {} : { volumeMounts: [...(container.volumeMounts ?? []), ...mounts] })
  }
  return {
    ...pod,
    metadata: withLabels(pod.metadata, name, options.labels),
    spec: {
      ...withPod(spec, role, options.pod),
      containers: spec.containers.map(other => (other === container ? changed : other)),
      ...(volumes.length === 0 ? {} : { volumes: [...(spec.volumes ?? []), ...volumes] })
    }
  }
}

/** Entry point and directory of a service or a step; the workflow's own `entrypoint:` is in the container already, and wins. */
function withProgram(container: V1Container, { entrypoint, workdir }: ContainerOptions): V1Container {
  const changed = { ...container, ...(workdir === undefined ? {} : { workingDir: workdir }) }
  if (entrypoint === undefined || container.command !== undefined) return changed
  if (entrypoint !== '') return { ...changed, command: [literal(entrypoint)] }
  const { args = [], ...rest } = changed
  if (args.length > 0) return { ...rest, command: args }
  throw new HookError(
    'INPUT',
    `The options of container ${container.name} take its entry point away (--entrypoint ""), and no command is left.`
  )
}

function fieldsFor(role: ContainerRole, container: V1Container, asked: Partial<V1Container>): Partial<V1Container> {
  const { stdin, tty, imagePullPolicy, ...fields } = asked
  const isStricter = imagePullPolicy !== undefined && container.imagePullPolicy !== 'Never'
  return {
    ...fields,
    ...(isStricter ? { imagePullPolicy } : {}),
    ...(stdin === undefined || role === 'job' ? {} : { stdin }),
    ...(tty === undefined || role === 'job' ? {} : { tty })
  }
}

function withLabels(
  metadata: V1Pod['metadata'],
  name: string,
  labels: Readonly<Record<string, string>>
): V1Pod['metadata'] {
  if (metadata === undefined || Object.keys(labels).length === 0) return metadata
  const others = JSON.parse(metadata.annotations?.[LABELS] ?? '{}') as Record<string, unknown>
  return {
    ...metadata,
    annotations: { ...metadata.annotations, [LABELS]: JSON.stringify({ ...others, [name]: labels }) }
  }
}

/** Several containers may ask for fields of one pod: lists have what each of them asks for. */
function withPod(spec: V1PodSpec, role: ContainerRole, asked: Partial<V1PodSpec>): V1PodSpec {
  const { hostname, hostAliases, dnsConfig, securityContext, nodeSelector, ...rest } = asked
  const groups = [...(spec.securityContext?.supplementalGroups ?? []), ...(securityContext?.supplementalGroups ?? [])]
  const sysctls = [...(spec.securityContext?.sysctls ?? []), ...(securityContext?.sysctls ?? [])]
  return {
    ...spec,
    ...rest,
    // The name of a service is no name of the job's container, which the pod is named after.
    ...(hostname === undefined || role === 'service' ? {} : { hostname }),
    ...(hostAliases === undefined ? {} : { hostAliases: mergeAliases([...(spec.hostAliases ?? []), ...hostAliases]) }),
    ...(dnsConfig === undefined
      ? {}
      : {
          dnsConfig: {
            nameservers: distinct(spec.dnsConfig?.nameservers, dnsConfig.nameservers).slice(0, MAX_NAMESERVERS),
            searches: distinct(spec.dnsConfig?.searches, dnsConfig.searches),
            options: [...(spec.dnsConfig?.options ?? []), ...(dnsConfig.options ?? [])]
          }
        }),
    ...(securityContext === undefined
      ? {}
      : {
          securityContext: {
            ...spec.securityContext,
            ...(groups.length === 0 ? {} : { supplementalGroups: [...new Set(groups)] }),
            ...(sysctls.length === 0 ? {} : { sysctls: [...new Map(sysctls.map(item => [item.name, item])).values()] })
          }
        }),
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...spec.nodeSelector, ...nodeSelector } })
  }
}

function distinct(one: readonly string[] = [], other: readonly string[] = []): string[] {
  return [...new Set([...one, ...other])]
}

function mergeAliases(aliases: readonly V1HostAlias[]): V1HostAlias[] {
  const names = new Map<string, string[]>()
  for (const { ip, hostnames = [] } of aliases) names.set(ip, distinct(names.get(ip), hostnames))
  return [...names].map(([ip, hostnames]) => ({ ip, hostnames }))
}
