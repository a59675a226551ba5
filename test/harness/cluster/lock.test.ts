import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from '@jest/globals'

import { exclusively } from './lock.js'

test('one at a time works on a directory', async () => {
  const events: string[] = []
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} starts`)
    await sleep(50)
    events.push(`${name} ends`)
  }
  const quiet = (): void => undefined
  await Promise.all([exclusively('/lock-test', work('a'), quiet), exclusively('/lock-test', work('b'), quiet)])
  expect(events).toEqual(['a starts', 'a ends', 'b starts', 'b ends'])
})

test('a failure gives the lock up', async () => {
  const failing = exclusively(
    '/lock-test',
    () => Promise.reject(new Error('failed')),
    () => undefined
  )
  await expect(failing).rejects.toThrow('failed')
  await expect(
    exclusively(
      '/lock-test',
      () => Promise.resolve('done'),
      () => undefined
    )
  ).resolves.toBe('done')
})
