import { expect, test } from '@jest/globals'
import { looksFrom, pollPause, type PollPause } from './poll-pause.js'

/** When something is looked at that is waited for since 0, and until then. */
function looks(pause: PollPause, untilMs: number): number[] {
  const times: number[] = []
  for (let at = pause(0); at <= untilMs; at += pause(at)) times.push(at)
  return times
}

test('what may come at any time is looked at often in the first second, then seldom', () => {
  expect(looks(pollPause, 1_000)).toHaveLength(10)
  expect(looks(pollPause, 20_000)).toHaveLength(10 + 76)
  expect(looks(pollPause, 60_000)).toHaveLength(10 + 76 + 40)
})

test('what cannot come at once is not looked at before it can', () => {
  expect(looks(looksFrom(700), 1_700)).toEqual([700, 950, 1_200, 1_450, 1_700])
  expect(looks(looksFrom(700, 0.5), 2_600)).toEqual([700, 1_050, 1_550, 2_050, 2_550])
  expect(looksFrom(700)(30_000)).toBe(1_000)
})

test.each([700, 1_000])('no look follows another within 250 ms, from %i ms on', first => {
  const times = looks(looksFrom(first, 0.3), 60_000)
  expect(Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toBeGreaterThanOrEqual(250)
})
