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

/** A registry, and the certificate by which it is known besides the well-known authorities. */
export interface RegistryCertificate {
  /** `host[:port]`. */
  readonly registry: string
  readonly source: SecretKey
}
