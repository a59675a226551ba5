import type { Destination } from '@kaniko-hooks/builder'

/** A destination, and what the kubelet needs to pull from it. */
export interface Place {
  readonly destination: Destination
  /** Names of Secrets that are there. */
  readonly pullSecrets: readonly string[]
  /** Makes what a pull Secret for one step has to hold (docker's configuration file), where a credential is short-lived. */
  readonly pullConfig?: () => Promise<string>
}
