import type { FlagType } from './flags.js'

const BINARY = 'kmgtp'

/** Docker's numbers have 64 bits; a quantity of Kubernetes has no more either. */
const TOO_LARGE = 2 ** 63

/** Units of Go's durations, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000
}

/**
 * Reads a size as docker does: `512m`, `1.5GiB`, `100`. `-1` is the "unlimited" of swap.
 *
 * @returns bytes
 * @throws Error that says why, without the text
 */
export function bytes(text: string): number {
  const [, count, unit] = /^(\d+\.?\d*|\.\d+) ?([kmgtp])?i?b?$/i.exec(text) ?? []
  if (text === '-1') return -1
  if (count === undefined) throw new Error('invalid size')
  return inRange(Math.floor(Number(count) * 1024 ** (unit === undefined ? 0 : BINARY.indexOf(unit.toLowerCase()) + 1)))
}

/**
 * Reads a number of CPUs: `1.5`, `1e0`, or as a fraction `3/2`.
 *
 * @throws Error that says why, without the text
 */
export function cpus(text: string): number {
  const [, above = '', below = '1'] =
    /^\+?(0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\/(\d+))?$/i.exec(text) ?? []
  const count = above === '' ? NaN : Number(above) / Number(below)
  if (!Number.isFinite(count)) throw new Error('not a rational number')
  // Docker counts billionths.
  inRange(count * 1e9)
  return count
}

function inRange(number: number): number {
  if (number >= TOO_LARGE) throw new Error('value out of range')
  return number
}

/**
 * Reads a duration of Go: `1m30s`, `1.5h`, `500ms`, `0`.
 *
 * @returns milliseconds
 * @throws Error that says why, without the text
 */
export function goDuration(text: string): number {
  const [, sign, rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? []
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy)]
  const length = parts.reduce((sum, [part]) => sum + part.length, 0)
  if (rest !== '0' && (rest === '' || length !== rest.length)) throw new Error('invalid duration, such as 10s or 1m30s')
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)
  return sign === '-' ? -ms : ms
}

/**
 * Reads a whole number in any of Go's bases: `10`, `0x1f`, `010`.
 *
 * @throws Error that says why, without the text
 */
export function whole(text: string): number {
  const [, sign, digits = ''] = /^([-+]?)(\d+|0x[\da-f]+|0b[01]+|0o[0-7]+)$/i.exec(text) ?? []
  const number = digits === '' ? NaN : Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if (Number.isNaN(number)) throw new Error('not a whole number')
  return sign === '-' ? -inRange(number) : inRange(number)
}

/**
 * Reads a boolean of Go.
 *
 * @throws Error that says why, without the text
 */
export function boolean(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false
  throw new Error('neither true nor false')
}

/**
 * Splits a line of comma-separated fields; one in `"` may hold commas.
 *
 * @throws Error for a quote that has no end
 */
export function fields(text: string): string[] {
  const found = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)]
  if (found.reduce((sum, [field]) => sum + field.length, 0) !== text.length) throw new Error('bare " in a field')
  return found.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '')
}

function positive(text: string, most = Infinity): number {
  const number = whole(text)
  if (number < 0 || number > most) throw new Error('value out of range')
  return number
}

/** What docker finds wrong of a value when it reads the flag, before it looks at what the flag means. */
export const CHECKS: Partial<Readonly<Record<FlagType, (text: string) => unknown>>> = {
  boolean,
  bytes,
  decimal: cpus,
  duration: goDuration,
  int: whole,
  uint: text => positive(text),
  uint16: text => positive(text, 65_535),
  mount: fields,
  'gpu-request': fields
}
