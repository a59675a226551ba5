import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { answerRequests } from './answer-requests.js'
import { Asking } from './asking.fixture.js'

let asking: Asking
beforeEach(async () => {
  asking = await Asking.start()
})
afterEach(async () => asking.stop())

const noEngine = (): never => {
  throw new Error('nothing is built')
}

test('what a step asked for that was over before the first look is built for no other one, and does not lie about', async () => {
  asking.ask({ credentials: [{ registry: 'r.io', username: 'me', password: 'hunter2' }] })
  await answerRequests(asking.bench.call(), asking.step, noEngine).close()
  expect(asking.left).toEqual(['broker.json'])
})

test('a mailbox that nobody can reach holds no step up', async () => {
  const workspace = { exchangeMail: () => Promise.reject(new Error('gone')), catchUp: () => Promise.resolve() }
  await expect(answerRequests(asking.bench.call(), { ...asking.step, workspace }, noEngine).close()).resolves.toBe(
    undefined
  )
})
