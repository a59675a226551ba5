import { join } from 'node:path'

import type { ImageConfig } from '@kaniko-hooks/registry'

import type { TakenJob } from '../options/take.js'
import type { ContainerArgs } from '../protocol/schema.js'
import { HookError } from '../report/errors.js'
import { warningCommand, type Line } from '../report/workflow-commands.js'
import { changesUnknownCheck } from './health.js'
import { withImage } from './images.js'
import { containerNames, hostNames } from './names.js'
import { crowdedOut } from './ports.js'
import type { Service } from './service.js'
import { serviceKeys } from './worker-log.js'

export interface Plan {
  readonly services: readonly Service[]
  /** The names that `options:` give the job's container. */
  readonly jobHosts: readonly string[]
  /** See `HostNames.odd`. */
  readonly oddJobHosts: readonly string[]
}

/**
 * Says how each service of a job is called and in which pod it runs. Names that cannot be given are a warning.
 *
 * @param sidecars the names of the containers that the template adds
 * @param configs what the images of the services say, where that is known
 * @throws HookError INPUT for a service without an image
 */
export function planServices(
  { workDirectory, print }: { readonly workDirectory: string; readonly print: Line },
  { container: job, services }: TakenJob,
  sidecars: readonly string[],
  configs: readonly (ImageConfig | undefined)[] = []
): Plan {
  const images = services.map(({ args }) => imageOf(args))
  const containers = containerNames(images, sidecars)
  // The runner keeps its logs beside its work directory.
  const keys = services.length === 0 ? [] : serviceKeys(join(workDirectory, '..', '_diag'), images)
  const { names, odd, refused } = hostNames([
    ...services.map(({ options }, index) => ({
      key: keys[index],
      options: options.names,
      container: containers[index] ?? ''
    })),
    { options: job?.options.names ?? [] }
  ])
  if (refused.length > 0) {
    print(
      warningCommand(
        `Not reached under ${refused.join(', ')}, which is no host name: letters, digits, "-", "_" and "." make one. ` +
          `The services are reached under ${names.slice(0, services.length).flat().join(', ')}.`
      )
    )
  }
  const checks = services.map(({ options }, index) => withImage(options.health, configs[index]))
  for (const [index, health] of checks.entries()) {
    if (!changesUnknownCheck(health)) continue
    print(
      warningCommand(
        `The service ${images[index]}: its options change a health check that only its image has. Kubernetes does not run it, and it is not waited for: name the check by --health-cmd.`
      )
    )
  }
  const outside = crowdedOut(
    job?.args ?? null,
    // What a workflow says of ports goes before what the image says.
    services.map(({ args: { image, portMappings } }, index) => ({
      image,
      portMappings: portMappings.length > 0 ? portMappings : (configs[index]?.exposedPorts ?? [])
    }))
  )
  return {
    services: services.map(({ args, options }, index) => ({
      title: keys[index] ?? containers[index] ?? '',
      container: containers[index] ?? '',
      image: images[index] ?? '',
      args,
      hosts: names[index] ?? [],
      oddHosts: odd[index] ?? [],
      options: { ...options, health: checks[index] ?? options.health },
      hasOwnPod: outside[index] ?? false
    })),
    jobHosts: names.at(-1) ?? [],
    oddJobHosts: odd.at(-1) ?? []
  }
}

/**
 * What the hosts file of the job's pod needs besides what Kubernetes writes there.
 *
 * @param own where the services are that have a pod of their own
 */
export function oddHosts(
  { services, oddJobHosts }: Plan,
  own: readonly { readonly service: Service; readonly ip: string }[]
): { readonly names: readonly string[]; readonly lines: readonly string[] } {
  const ipOf = (service: Service): string => own.find(one => one.service === service)?.ip ?? '127.0.0.1'
  const hosts = [
    ...services.map(service => ({ ip: ipOf(service), names: service.oddHosts })),
    { ip: '127.0.0.1', names: oddJobHosts }
  ].filter(({ names }) => names.length > 0)
  return {
    names: hosts.flatMap(({ names }) => names),
    lines: hosts.map(({ ip, names }) => `${ip} ${names.join(' ')}`)
  }
}

/** @throws HookError INPUT when the container names no image */
export function imageOf(container: ContainerArgs): string {
  if (container.image === null || container.image === '') {
    throw new HookError('INPUT', 'The job has a container or service without an image.')
  }
  return container.image
}
