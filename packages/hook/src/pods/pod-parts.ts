import type { V1Affinity, V1Container, V1Volume, V1VolumeMount } from '@kubernetes/client-node'

/** What a workspace adds to a pod so that its main container sees the runner's directories. */
export interface PodParts {
  readonly volumes: readonly V1Volume[]
  readonly mounts: readonly V1VolumeMount[]
  readonly initContainers: readonly V1Container[]
  /** Containers that stay beside the main one, so that its files can be read when it has ended. */
  readonly beside: readonly V1Container[]
  readonly affinity?: V1Affinity
}
