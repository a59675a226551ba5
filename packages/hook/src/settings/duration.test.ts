import { expect, test } from '@jest/globals'

import { milliseconds } from './duration.js'

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000]
])('%s', (text, expected) => {
  expect(milliseconds(text)).toBe(expected)
})
