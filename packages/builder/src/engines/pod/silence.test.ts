import { expect, test } from '@jest/globals'
import { listenForSilence } from './silence.js'

test('silence is told', async () => {
  await new Promise<void>(resolve => {
    listenForSilence({ ms: 1, canHear: () => Promise.resolve(true), onSilence: resolve })
  })
})

test('as long as nothing could be heard, it is not', async () => {
  const answers = [false, false, true]
  await new Promise<void>(resolve => {
    listenForSilence({ ms: 1, canHear: () => Promise.resolve(answers.shift() ?? true), onSilence: resolve })
  })
  expect(answers).toEqual([])
})

test('a sound that comes while it is asked whether one could be heard counts', async () => {
  let told = false
  await new Promise<void>(resolve => {
    const silence = listenForSilence({
      ms: 1,
      canHear: () => {
        silence.end()
        setTimeout(resolve, 5)
        return Promise.resolve(true)
      },
      onSilence: () => {
        told = true
      }
    })
  })
  expect(told).toBe(false)
})
