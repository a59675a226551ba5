import { expect, jest, test } from '@jest/globals'

import { spoken, step } from './progress.js'

test.each([
  [0.42, '0.4 s'],
  [61, '61.0 s'],
  [119.6, '2 min 0 s'],
  [2382.5, '39 min 43 s']
])('%s seconds are said as %s', (seconds, words) => {
  expect(spoken(seconds)).toBe(words)
})

test('a long step says that it goes on, a short one only that it is done, and one that fails says no more', async () => {
  jest.useFakeTimers()
  try {
    const log: string[] = []
    const say = (line: string): void => void log.push(line)
    await step(say, 'short', () => Promise.resolve())
    const long = step(say, 'long', () => new Promise(resolve => setTimeout(resolve, 150_000)))
    await jest.advanceTimersByTimeAsync(150_000)
    await long
    const failing = step(say, 'failing', () => Promise.reject(new Error('no disk')))
    await expect(failing).rejects.toThrow('no disk')
    await jest.advanceTimersByTimeAsync(150_000)
    expect(log).toEqual([
      'short: done in 0.0 s',
      'long: started',
      'long: goes on, 60.0 s so far',
      'long: goes on, 2 min 0 s so far',
      'long: done in 2 min 30 s'
    ])
  } finally {
    jest.useRealTimers()
  }
})
