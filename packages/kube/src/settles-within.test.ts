import { expect, test } from '@jest/globals'

import { settlesWithin } from './settles-within.js'

test('a promise that is kept or broken has settled; one that is neither has not', async () => {
  expect(await settlesWithin(Promise.resolve(), 60_000)).toBe(true)
  expect(await settlesWithin(Promise.reject(new Error('broken')), 60_000)).toBe(true)
  expect(await settlesWithin(new Promise(() => undefined), 1)).toBe(false)
})
