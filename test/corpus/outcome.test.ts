import { describe, expect, test } from '@jest/globals'

import type { Verdict } from './expectation.js'
import { print } from './expected.js'
import { judgeOutcome, type Outcome } from './outcome.js'
import type { Snapshot } from './snapshot.js'

const FILE = { type: 'file', mode: '0644', owner: '0:0', size: 1, sha256: 'ab' }
const DOCKERS: Snapshot = { base: 'a', config: { User: 'x' }, tree: { '/f': FILE, '/gone': 'removed' } }

const built = (image: Partial<Snapshot> = {}, more: Partial<Extract<Outcome, { kind: 'built' }>> = {}): Outcome => ({
  kind: 'built',
  image: { ...DOCKERS, ...image },
  warnings: [],
  isRewritten: false,
  ...more
})
const verdict = (kind: Verdict['kind'], says = '', at: readonly string[] = []): Verdict => ({ kind, says, at })
const faults = (outcome: Outcome, of?: Verdict, expected: Parameters<typeof judgeOutcome>[1] = DOCKERS) =>
  judgeOutcome(outcome, expected, of).faults

describe("Docker's image", () => {
  test('is as expected where nothing is said, in whatever way it is reached', () => {
    expect(faults(built())).toEqual([])
    expect(faults(built({}, { isRewritten: true }))).toEqual([])
  })

  test('is a fault where a difference, a refusal or a rewriting is expected', () => {
    expect(faults(built(), verdict('rewritten'))).toEqual(['same, expected rewritten'])
    expect(faults(built({}, { isRewritten: true }), verdict('same'))).toEqual(['rewritten, expected same'])
    expect(faults(built(), verdict('refused', 'x'))).toEqual(['same, expected refused'])
  })
})

describe('another image', () => {
  const other = built({ config: {}, tree: { '/f': { ...FILE, mode: '0600' }, '/g': FILE } })

  test('is a fault with all that differs', () => {
    expect(faults(other)).toEqual([
      'different, expected same',
      'User: nothing, Docker has "x"',
      '/f mode: "0600", Docker has "0644"',
      `/g added: ${JSON.stringify(FILE)}, Docker has nothing`,
      '/gone not removed: nothing, Docker has "removed"'
    ])
  })

  test('is none where each difference is known, by its path, with its aspect, or by a pattern', () => {
    expect(faults(other, verdict('different', 'why', ['User', '/f mode', '/g', '/go*']))).toEqual([])
  })

  test('is a fault where the log does not say what it is expected to say', () => {
    const known = { ...verdict('different', 'why', ['User', '/f', '/g', '/gone']), warned: 'line 3' }
    const said = built(
      { config: {}, tree: { '/f': { ...FILE, mode: '0600' }, '/g': FILE } },
      { warnings: ['line 3: no'] }
    )
    expect(faults(said, known)).toEqual([])
    expect(faults(other, known)).toEqual(['the log says "", expected was line 3'])
  })

  test('is a fault where one more differs, and where one no longer does', () => {
    expect(faults(other, verdict('different', 'why', ['User', '/f owner', '/g', '/gone']))).toEqual([
      '/f mode: "0600", Docker has "0644"',
      '/f owner no longer differs'
    ])
  })
})

describe('no image', () => {
  test('is as expected where what is said matches', () => {
    const refused: Outcome = { kind: 'refused', problems: ['line 1: no', 'line 2: nor this'] }
    expect(faults(refused, verdict('refused', 'nor'))).toEqual([])
    expect(faults(refused, verdict('refused', 'yes'))).toEqual([
      'it says "line 1: no\\nline 2: nor this", expected was yes'
    ])
    expect(faults({ kind: 'failed', log: 'exit code 7' }, verdict('fails', 'code 7'), { fails: '7' })).toEqual([])
  })

  test("of Docker's, and an image here, is a difference", () => {
    expect(faults(built(), undefined, { fails: 'no such stage' })[0]).toBe(
      'different, expected same: Docker fails: no such stage'
    )
  })
})

test('an image is recorded with a line for each path and each key', () => {
  expect(print(DOCKERS).split('\n')).toHaveLength(11)
  expect(JSON.parse(print(DOCKERS))).toEqual(DOCKERS)
  expect(print({ ...DOCKERS, config: {} })).toContain('"config": {},')
})
