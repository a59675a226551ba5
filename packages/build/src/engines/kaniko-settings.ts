import type { V1Affinity, V1LocalObjectReference, V1OwnerReference } from '@kubernetes/client-node'
import type { V1ResourceRequirements, V1Toleration } from '@kubernetes/client-node'
import type { KanikoLine } from '../dockerfile/unsupported.js'

/** What the caller wants of the build pod besides building; plain Kubernetes. */
export interface BuildPodSettings {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly V1OwnerReference[]
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly V1Toleration[]
  readonly affinity?: V1Affinity
  readonly priorityClassName?: string
  /** For the images of the pod itself; base images are fetched by the builder. */
  readonly imagePullSecrets?: readonly V1LocalObjectReference[]
  /** Of both containers; the first one runs before the second, so their sum is not asked for. */
  readonly resources?: V1ResourceRequirements
}

export interface KanikoSettings {
  readonly image: string
  /** Which project the image is from; decides what it can build. */
  readonly line: KanikoLine
  /** An image with `sh`, GNU or busybox `tar`, `head`, `tee`, `mkfifo` and `sha256sum`: the runner's own. */
  readonly contextImage: string
  readonly pod?: BuildPodSettings
  /** `host[:port][/path]` of pull-through mirrors for docker.io, tried in order. */
  readonly registryMirrors?: readonly string[]
  /** `host:port` of mirrors and base image registries that speak plain HTTP. */
  readonly insecureRegistries?: readonly string[]
  /** Default `full`; see `SNAPSHOT_MODE`. */
  readonly snapshotMode?: 'full' | 'redo'
  /** Environment of Kaniko itself, such as proxies. `RUN` does not see it. */
  readonly env?: Readonly<Record<string, string>>
}
