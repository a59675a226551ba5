/** A health check as `options:` of a container describes it; what is not said is the image's own or Docker's default. */
export interface HealthOptions {
  /** `--no-healthcheck`: nothing is checked, not even what the image says. */
  readonly disabled: boolean
  /** `--health-cmd`, a line for the container's `sh -c`. */
  readonly command?: string
  /** `--health-interval`, in milliseconds. */
  readonly intervalMs?: number
  /** `--health-timeout`, in milliseconds. */
  readonly timeoutMs?: number
  /** `--health-start-period`, in milliseconds. */
  readonly startPeriodMs?: number
  /** `--health-retries`. */
  readonly retries?: number
}
