import type { V1Container, V1PodSpec } from '@kubernetes/client-node'

import type { VolumeArgs } from '../protocol/schema.js'
import type { HealthOptions } from './health.js'
import type { MemoryMount } from './volumes.js'

/** Kubernetes takes no more, and programs ask no more. */
export const MAX_NAMESERVERS = 3

/** What `options:` of a container asks for, in the words of a pod where these have them. */
export interface ContainerOptions {
  /** The values of `--name`, `--hostname` and `--network-alias`, each once, as they were written. */
  readonly names: readonly string[]
  readonly health: HealthOptions
  /** What was given and has no meaning here. */
  readonly ignored: readonly string[]
  /** Variables; those of `env:` win over them. */
  readonly environment: Readonly<Record<string, string>>
  /** Paths of files with variables, which the variables above win over. */
  readonly envFiles: readonly string[]
  readonly volumes: readonly VolumeArgs[]
  /** Ports as `ports:` has them. */
  readonly ports: readonly string[]
  /** Undefined when it was not given; '' for none, not even the image's. */
  readonly entrypoint: string | undefined
  readonly workdir: string | undefined
  readonly memoryMounts: readonly MemoryMount[]
  readonly labels: Readonly<Record<string, string>>
  /** Fields of the container. */
  readonly container: Partial<V1Container>
  /** Fields of its pod, which other containers share. */
  readonly pod: Partial<V1PodSpec>
}
