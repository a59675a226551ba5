import { expect, test } from '@jest/globals'

import { runTime } from './run-time.js'

/** A state as the API server's JSON has it. */
const state = (startedAt: string, finishedAt: string): never =>
  ({ startedAt: `2026-01-02T03:04:${startedAt}Z`, finishedAt: `2026-01-02T03:04:${finishedAt}Z` }) as never

test.each<[string, number, string, string, string]>([
  ['a measured time that the kubelet confirms', 4_600, '05', '10', '4.6 s'],
  ['seen late, but within a second', 4_200, '05', '10', '4.2 s'],
  ['seen much too late', 1_200, '05', '10', 'about 5 s'],
  ['a log that came late', 9_000, '05', '10', 'about 5 s'],
  ['over when it was seen', 0, '05', '05', 'less than 1 s'],
  ['over a moment after it was seen', 90, '05', '06', 'about 1 s']
])('%s', (_name, measured, startedAt, finishedAt, said) => {
  expect(runTime(measured, state(startedAt, finishedAt))).toBe(said)
})

test('without times of the kubelet the measured one counts', () => {
  expect(runTime(120, undefined)).toBe('0.1 s')
  expect(runTime(120, {} as never)).toBe('0.1 s')
})
