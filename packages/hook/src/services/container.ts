import type { V1Container, V1EnvVar, V1VolumeMount } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'

import { splitArguments } from '../pods/arguments.js'
import type { PullPolicy } from '../pods/job-pod.js'
import { refuseLongStrings } from '../pods/long-strings.js'
import type { Service } from './service.js'
import { portsOf } from './ports.js'

/** They are for people who read the pod; a range of thousands would only make the pod too large for the API server. */
const MAX_PORTS = 100

/**
 * The container of a service. It keeps its image's ENTRYPOINT and CMD unless the workflow names others.
 *
 * @throws HookError UNSUPPORTED when a word is longer than Linux allows
 */
export function serviceContainer(
  { container, image, args }: Service,
  variables: readonly V1EnvVar[],
  mounts: readonly V1VolumeMount[],
  pullPolicy: PullPolicy | undefined
): V1Container {
  const words = splitArguments(args.entryPointArgs.join(' '))
  refuseLongStrings({}, words)
  const ports = portsOf(args.portMappings).slice(0, MAX_PORTS)
  return {
    name: container,
    image,
    ...(args.entryPoint === null || args.entryPoint === '' ? {} : { command: [literal(args.entryPoint)] }),
    ...(words.length === 0 ? {} : { args: words.map(literal) }),
    env: [...variables],
    ...(mounts.length === 0 ? {} : { volumeMounts: [...mounts] }),
    // Never a hostPort: two runners on one node would want the same.
    ...(ports.length === 0
      ? {}
      : { ports: ports.map(({ port, protocol }) => ({ containerPort: port, protocol: protocol.toUpperCase() })) }),
    ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy })
  }
}
