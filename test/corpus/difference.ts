import { isDeepStrictEqual } from 'node:util'

import type { Found, Snapshot } from './snapshot.js'

/** One thing that is not as in the expected image. */
export interface Difference {
  /** A path with what of it differs, such as `/f mode`, or a name of the configuration. */
  readonly what: string
  readonly expected: unknown
  readonly actual: unknown
}

/** All that differs between the image that Docker makes and another one. */
export function compare(expected: Snapshot, actual: Snapshot): readonly Difference[] {
  const base = expected.base === actual.base ? [] : [{ what: 'base', expected: expected.base, actual: actual.base }]
  const config = keysOf(expected.config, actual.config)
    .map(key => ({ what: key, expected: expected.config[key], actual: actual.config[key] }))
    .filter(({ expected: left, actual: right }) => !isDeepStrictEqual(left, right))
  const tree = keysOf(expected.tree, actual.tree).flatMap(path =>
    comparePath(path, expected.tree[path], actual.tree[path])
  )
  return [...base, ...config, ...tree]
}

function comparePath(path: string, expected: Found | undefined, actual: Found | undefined): readonly Difference[] {
  if (isDeepStrictEqual(expected, actual)) return []
  const whole = (what: string): readonly Difference[] => [{ what: `${path} ${what}`, expected, actual }]
  if (expected === undefined) return whole(actual === 'removed' ? 'removed' : 'added')
  if (actual === undefined) return whole(expected === 'removed' ? 'not removed' : 'missing')
  if (expected === 'removed' || actual === 'removed') return whole('presence')
  if (expected['type'] !== actual['type']) return whole('type')
  return keysOf(expected, actual)
    .filter(key => !isDeepStrictEqual(expected[key], actual[key]))
    .map(key => ({ what: `${path} ${key}`, expected: expected[key], actual: actual[key] }))
}

/**
 * Whether a known difference, as `at` of an expectation names it, is this one: the whole of it, or the path alone; `*` stands
 * for anything.
 */
export function names(known: string, { what }: Difference): boolean {
  const pattern = known
    .split('*')
    .map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}( [^/]*)?$`, 's').test(what)
}

function keysOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
}

/** A difference in one line. */
export function sentence({ what, expected, actual }: Difference): string {
  const short = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value)).slice(0, 200)
  return `${what}: ${short(actual)}, Docker has ${short(expected)}`
}
