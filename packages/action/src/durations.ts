const UNITS = { h: 3_600_000, m: 60_000, s: 1_000 } as const

/**
 * Milliseconds of a duration as Go and Kubernetes write it, such as `1h30m`; undefined for anything else, a bare number too: some
 * programs mean minutes and others seconds by it.
 */
export function readDuration(text: string): number | undefined {
  if (!/^(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?$/.test(text) || text === '') return undefined
  const parts = [...text.matchAll(/(\d+)([hms])/g)]
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS], 0)
}

/** A duration as a person reads it: `< 0.1 s`, `4.2 s`, `3 min 5 s`. */
export function seconds(ms: number): string {
  if (ms < 50) return '< 0.1 s'
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const whole = Math.round(ms / 1000)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
