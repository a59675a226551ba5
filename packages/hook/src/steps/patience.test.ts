import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from '@jest/globals'

import { Patience } from './patience.js'

const NEVER = new Promise<void>(() => undefined)

test('is endless as long as nobody cancels', async () => {
  const patience = new Patience(new AbortController().signal, 0)
  expect(patience.left(0)).toBe(Infinity)
  expect(await patience.allows(0, sleep(50))).toBe(true)
  expect(patience.over.aborted).toBe(false)
})

test('counts from the cancellation on, and ends', async () => {
  const cancelled = new AbortController()
  const patience = new Patience(cancelled.signal, 20)
  await sleep(40)
  cancelled.abort()
  expect(patience.left(60_000)).toBeGreaterThan(59_000)
  expect(patience.left(60_000)).toBeLessThanOrEqual(60_000)
  expect(patience.over.aborted).toBe(false)
  await sleep(60)
  expect(patience.over.aborted).toBe(true)
  expect(patience.left(20)).toBe(0)
})

test('what is late is not waited for, whether the cancellation came before or while it was', async () => {
  const before = new Patience(AbortSignal.abort(), 60_000)
  expect(await before.allows(20, NEVER)).toBe(false)
  const cancelled = new AbortController()
  const waiting = new Patience(cancelled.signal, 60_000).allows(20, NEVER)
  cancelled.abort()
  expect(await waiting).toBe(false)
})

test('what fails in time fails; what fails later harms nobody', async () => {
  const patience = new Patience(AbortSignal.abort(), 60_000)
  await expect(patience.allows(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(
    await patience.allows(
      10,
      sleep(40).then(() => Promise.reject(new Error('late')))
    )
  ).toBe(false)
  await sleep(60)
})
