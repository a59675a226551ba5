import { expect, test } from '@jest/globals'

import { forkOf } from './elsewhere.js'

test.each([
  ['Kaniko version :  v1.24.0', 'google'],
  ['Kaniko version :  v1.25.5', 'chainguard'],
  ['Kaniko version :  v1.26.0', 'osscontainertools'],
  ['2.0.1', 'osscontainertools'],
  ['no version', undefined],
  ['', undefined]
])('%j is of %s', (printed, fork) => {
  expect(forkOf(printed)).toBe(fork)
})

test('megabytes of digits are no version, and are not gone through again and again', () => {
  expect(forkOf('1'.repeat(300_000))).toBeUndefined()
  expect(forkOf(`${'1'.repeat(10)}.28.3`)).toBeUndefined()
})
