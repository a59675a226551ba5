import { splitArguments } from '../pods/arguments.js'
import type { HealthOptions } from './health.js'

/** What `options:` of a container says of its names and its health. */
export interface ServiceOptions {
  /** The values of `--name`, `--hostname` and `--network-alias`, in their order. */
  readonly names: readonly string[]
  readonly health: HealthOptions
  /** The words that say something else. */
  readonly ignored: readonly string[]
}

const NAMES: readonly string[] = ['--name', '--hostname', '-h', '--network-alias', '--net-alias']

/** A part of a duration as Go writes it, such as `1m30s` or `500ms`. */
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000
}

/** Reads the names and the health check of `options:`; null or empty says nothing. */
export function readServiceOptions(options: string | null): ServiceOptions {
  const words = splitArguments(options ?? '')
  const names: string[] = []
  const ignored: string[] = []
  let health: HealthOptions = { disabled: false }
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const [, flag = word, joined] = /^(--?[a-z-]+)=(.*)$/s.exec(word) ?? []
    const value = (): string => joined ?? words[(at += 1)] ?? ''
    if (NAMES.includes(flag)) names.push(value())
    else if (flag === '--no-healthcheck') health = { ...health, disabled: joined !== 'false' }
    else if (flag === '--health-cmd') health = { ...health, command: value() }
    else if (flag === '--health-interval') health = { ...health, intervalMs: milliseconds(value()) }
    else if (flag === '--health-timeout') health = { ...health, timeoutMs: milliseconds(value()) }
    else if (flag === '--health-start-period') health = { ...health, startPeriodMs: milliseconds(value()) }
    else if (flag === '--health-retries') health = { ...health, retries: Number(value()) }
    else ignored.push(word)
  }
  return { names, health, ignored }
}

function milliseconds(text: string): number {
  return [...text.matchAll(PART)].reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0)
}
