import * as v from 'valibot'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const PATTERN = /^([1-9]\d{0,5})([smhd])$/

/** A duration as a number and a unit, `30m`, `12h` or `7d`. */
export const duration = v.pipe(v.string(), v.regex(PATTERN, 'a number and one of s, m, h, d, such as 12h'))

/** @returns milliseconds */
export function milliseconds(text: string): number {
  const [, count, unit] = PATTERN.exec(text) ?? []
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}
