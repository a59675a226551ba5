import { describe, expect, test } from '@jest/globals'

import { DUE_LABEL, dueLabel, dueSelector } from './due.js'

const NOW = Date.parse('2026-11-29T18:40:00Z')
const HOUR_MS = 3_600_000

/** Whether an object is selected some hours after it was labelled. */
function isRead(dueInHours: number, afterHours: number): boolean {
  const label = dueLabel(NOW + dueInHours * HOUR_MS, NOW)
  const [, values = ''] = /^kaniko-hooks\/due notin \((.*)\)$/.exec(dueSelector(NOW + afterHours * HOUR_MS)) ?? []
  return !values.split(',').includes(label)
}

describe('what is due', () => {
  test.each([
    [1, 'an hour', '2026-11-29T19'],
    [24.9, 'a day', '2026-11-30T19'],
    [25.1, 'more than a day', '2026-11-30'],
    [-5, 'long ago', '2026-11-29T13'],
    [24 * 400, 'more than a year', '2026-12-31']
  ])('in %s hours (%s) says so in its label', (hours, _, expected) => {
    expect(dueLabel(NOW + hours * HOUR_MS, NOW)).toBe(expected)
  })

  test.each([
    [1, 0, false],
    [1, 0.9, false],
    [1, 1.1, false],
    [1, 1.4, true],
    [1, 24 * 365, true],
    [30, 20, false],
    [30, 54, true],
    [24 * 400, 24 * 31, false],
    [24 * 400, 24 * 33, true]
  ])('in %s hours is read after %s hours: %s', (due, after, expected) => {
    expect(isRead(due, after)).toBe(expected)
  })

  test('is never read before its time, whenever that is', () => {
    const early: number[][] = []
    for (let due = 0.25; due < 24 * 40; due += 7.37) {
      for (let after = 0; after < Math.min(due, 24 * 31); after += 12.93)
        if (isRead(due, after)) early.push([due, after])
    }
    expect(early).toEqual([])
  })

  test('is asked for by a selector of less than a kilobyte', () => {
    expect(dueSelector(NOW).length).toBeLessThan(1000)
    expect(dueSelector(NOW)).toContain(`${DUE_LABEL} notin (2026-11-29T18,`)
  })
})
