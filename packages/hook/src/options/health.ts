import { invalid, OptionProblem, type Given } from './grammar.js'
import { goDuration, whole } from './quantities.js'

/** A health check as `options:` of a container describes it; what is not said is the image's own or Docker's default. */
export interface HealthOptions {
  /** `--no-healthcheck`: nothing is checked, not even what the image says. */
  readonly disabled: boolean
  /** `--health-cmd`, a line for the container's `sh -c`. */
  readonly command?: string
  /** The image's own check that needs no shell, where no option names one. */
  readonly program?: readonly string[]
  /** `--health-interval`, in milliseconds. */
  readonly intervalMs?: number
  /** `--health-timeout`, in milliseconds. */
  readonly timeoutMs?: number
  /** `--health-start-period`, in milliseconds. */
  readonly startPeriodMs?: number
  /** `--health-retries`. */
  readonly retries?: number
}

/**
 * The health check of a container's flags. Zero and the empty command leave the image's own, as with docker.
 *
 * @param disabled whether `--no-healthcheck` was given
 * @throws OptionProblem in docker's words
 */
export function readHealth(given: Given, disabled: boolean): HealthOptions {
  const command = given.get('health-cmd')?.at(-1) ?? ''
  const intervalMs = number(given, 'health-interval', goDuration)
  const timeoutMs = number(given, 'health-timeout', goDuration)
  const startPeriodMs = number(given, 'health-start-period', goDuration)
  const retries = number(given, 'health-retries', whole)
  const health = {
    ...(command === '' ? {} : { command }),
    ...(intervalMs === 0 ? {} : { intervalMs }),
    ...(timeoutMs === 0 ? {} : { timeoutMs }),
    ...(startPeriodMs === 0 ? {} : { startPeriodMs }),
    ...(retries === 0 ? {} : { retries })
  }
  if (disabled && Object.keys(health).length > 0) {
    throw new OptionProblem('--no-healthcheck conflicts with --health-* options')
  }
  return { disabled, ...health }
}

function number(given: Given, name: string, read: (text: string) => number): number {
  const text = given.get(name)?.at(-1)
  const value = text === undefined ? 0 : read(text)
  if (value < 0) throw invalid(name, text ?? '', `--${name} cannot be negative`)
  if (read === goDuration && value > 0 && value < 1) throw invalid(name, text ?? '', 'cannot be less than 1ms')
  return value
}
