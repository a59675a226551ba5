import { spawnSync } from 'node:child_process'

import { describe, expect, test } from '@jest/globals'

import { refuseLongStrings, sizeHint } from './long-strings.js'

/** Whether this system starts a program with it. */
function starts(env: Record<string, string>, args: readonly string[] = []): boolean {
  return spawnSync('/bin/true', args, { env }).error === undefined
}

function refused(environment: Record<string, string>, words: readonly string[] = [], arch = 'x64'): string {
  try {
    refuseLongStrings(environment, words, arch)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('refuseLongStrings', () => {
  const longest = { BIG: 'b'.repeat(131_067) }
  const longer = { BIG: 'secret'.padEnd(131_068, 'b') }

  test('takes what a program can be started with, and nothing more', () => {
    expect([starts(longest), refused(longest)]).toEqual([true, ''])
    expect(starts(longer)).toBe(false)
    expect(refused(longer)).toContain('The variable BIG has 131073 bytes')
    expect(refused(longer)).toContain('131072')
    expect(refused(longer)).not.toContain('secret')
  })

  test('refuses nothing where pages may be larger; the hint tells it afterwards', () => {
    expect(refused(longer, ['true', 'x'.repeat(131_072)], 'arm64')).toBe('')
    expect(sizeHint(longest)).toBeUndefined()
    expect(sizeHint(longer)).toMatch(/^The variable BIG has 131073 bytes .* 4 KiB/)
    expect(sizeHint(longer)).not.toContain('secret')
    expect(sizeHint({}, ['true', 'x'.repeat(131_072)])).toMatch(/^Argument 1 /)
  })

  test('counts bytes, not characters', () => {
    expect(refused({ BIG: 'é'.repeat(65_533) })).toBe('')
    expect(refused({ BIG: 'é'.repeat(65_534) })).toContain('131073 bytes')
  })

  test('and arguments', () => {
    expect([starts({}, ['x'.repeat(131_071)]), refused({}, ['true', 'x'.repeat(131_071)])]).toEqual([true, ''])
    expect(starts({}, ['x'.repeat(131_072)])).toBe(false)
    expect(refused({}, ['true', 'x'.repeat(131_072)])).toMatch(/^Argument 1 /)
  })
})

test('an environment that is too large as a whole is told', () => {
  const large = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`V${index}`, 'x'.repeat(100_000)]))
  expect(sizeHint(large)).toContain('2052 KiB')
  const { V0: _largest, ...smaller } = large
  expect(sizeHint(smaller)).toBeUndefined()
})
