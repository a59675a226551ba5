import type { V1Affinity, V1LocalObjectReference, V1OwnerReference } from '@kubernetes/client-node'
import type { V1ResourceRequirements, V1Toleration } from '@kubernetes/client-node'
import type { SecretKey } from '../../destinations/destination.js'

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
  /** Of each container; they run one after the other, so their sum is not asked for. */
  readonly resources?: V1ResourceRequirements
  /** Gives the pod a cloud identity, by webhooks that look for it. Its token for the cluster is not mounted. */
  readonly serviceAccountName?: string
  readonly runtimeClassName?: string
  /** False: root in the pod is nobody on the node (user namespaces). */
  readonly hostUsers?: boolean
}

/** Layers of earlier builds, kept in a registry. */
export interface LayerCache {
  /** Registry and repository. Whoever can write there decides what later builds contain. */
  readonly repository: string
  /** How long a layer is good, as a Go duration: `3600s`. */
  readonly ttl: string
}

/** A registry, and the certificate that it is trusted for besides the well-known authorities. */
export interface RegistryCertificate {
  /** `host[:port]`. */
  readonly registry: string
  readonly source: SecretKey
}

/** The settings of every engine that builds in a pod. */
export interface PodEngineSettings {
  /** An image with `sh` and `crane` in its path; pushes where credentials are needed. */
  readonly pushImage: string
  /** An image with `sh`, GNU or busybox `tar`, `head`, `tee`, `mkfifo` and `sha256sum`: the runner's own. */
  readonly contextImage: string
  readonly pod?: BuildPodSettings
  /** `host[:port][/path]` of pull-through mirrors for docker.io, tried in order. */
  readonly registryMirrors?: readonly string[]
  /** Where to look for images of a registry in its place: `quay.io` → `mirror.example.com/quay`. */
  readonly registryMaps?: Readonly<Record<string, readonly string[]>>
  readonly certificates?: readonly RegistryCertificate[]
  readonly cache?: LayerCache
  /** `host:port` of mirrors and base image registries that speak plain HTTP. */
  readonly insecureRegistries?: readonly string[]
  /** Environment of the builder and of the push, such as proxies. `RUN` does not see it. */
  readonly env?: Readonly<Record<string, string>>
}
