import type { V1ResourceRequirements } from '@kubernetes/client-node'
import type { KanikoFork } from '@kaniko-hooks/builder/elsewhere'
import type { ConnectorSettings } from './connector.js'
import type { CredentialWishes, Environment } from '../../credentials/sources.js'

/** How builds in a cluster are made, besides what is built. */
export interface KubernetesSettings {
  /** Where the caller's variables are; KUBERNETES_SERVICE_HOST, KUBECONFIG and HOME are read of them, and credentials. */
  readonly env: Environment
  /** Path of a kubeconfig, or its content. Default: the pod's own account, then KUBECONFIG, then `~/.kube/config`. */
  readonly kubeconfig?: string
  /** Default: the one that the account or the kubeconfig names. */
  readonly namespace?: string
  readonly credentials?: CredentialWishes
  /** Of each container of the build pod. */
  readonly resources?: V1ResourceRequirements
  readonly nodeSelector?: Readonly<Record<string, string>>
  /** The executor. Default: the osscontainertools fork. */
  readonly kaniko?: { readonly image: string; readonly fork: KanikoFork }
  /** An image with `sh`, `crane`, `tar`, `head`, `tee`, `mkfifo` and `sha256sum`: it takes the context, and it pushes. */
  readonly pushImage?: string
  /** By which the tags of its registry are pushed. */
  readonly connector?: ConnectorSettings
  /** PEM certificates of authorities that sign for a registry, by its `host[:port]`. */
  readonly authorities?: Readonly<Record<string, string>>
}
