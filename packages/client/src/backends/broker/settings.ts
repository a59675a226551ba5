import type { CredentialWishes, Environment } from '../../credentials/sources.js'

/** What the broker backend needs besides the build. */
export interface BrokerSettings {
  /** KBUILD_BROKER, and what credentials are found by. */
  readonly env: Environment
  readonly credentials?: CredentialWishes
}
