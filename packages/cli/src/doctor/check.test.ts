import { expect, test } from '@jest/globals'

import { askAll, type Check } from './check.js'

const never = new AbortController().signal

const fine: Check = {
  name: 'fine',
  limitMs: 10_000,
  ask: () => Promise.resolve([{ check: 'fine', state: 'ok', says: 'So.' }])
}

test('a question that hangs is told to end, and one that fails is told; both keep no other from its answer', async () => {
  let told = false
  const hanging: Check = {
    name: 'hanging',
    limitMs: 50,
    ask: async signal =>
      new Promise(resolve => {
        signal.addEventListener('abort', () => {
          told = true
          resolve([])
        })
      })
  }
  const failing: Check = { name: 'failing', limitMs: 10_000, ask: () => Promise.reject(new Error('two\nlines')) }
  const findings = await askAll([hanging, fine, failing], never)
  expect(findings.map(({ check, state }) => [check, state])).toEqual([
    ['hanging', 'unknown'],
    ['fine', 'ok'],
    ['failing', 'unknown']
  ])
  expect(findings.map(({ says }) => says)).toEqual(['The question was not answered in 0.05 s.', 'So.', 'two lines'])
  expect(told).toBe(true)
})

test('an interruption ends all of them at once', async () => {
  const abort = new AbortController()
  const hanging: Check = { name: 'hanging', limitMs: 3_600_000, ask: () => new Promise(() => undefined) }
  const asked = askAll([hanging, fine], abort.signal)
  abort.abort()
  expect((await asked).map(({ state }) => state)).toEqual(['unknown', 'ok'])
})
