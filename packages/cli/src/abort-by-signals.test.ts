import { EventEmitter } from 'node:events'

import { expect, test } from '@jest/globals'

import { abortBySignals } from './abort-by-signals.js'

test('the first signal aborts, and a second one ends the process', () => {
  const process = new EventEmitter()
  const exits: number[] = []
  const signal = abortBySignals(process, code => exits.push(code))
  expect(signal.aborted).toBe(false)
  process.emit('SIGTERM')
  expect([signal.reason, exits]).toEqual(['SIGTERM', []])
  process.emit('SIGINT')
  expect([signal.reason, exits]).toEqual(['SIGTERM', [143]])
})
