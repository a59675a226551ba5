import { expect, test } from '@jest/globals'

import { seconds } from './durations.js'

test.each([
  [0, '< 0.1 s'],
  [49, '< 0.1 s'],
  [50, '0.1 s'],
  [4_240, '4.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [119_800, '2 min 0 s'],
  [185_000, '3 min 5 s']
])('%i ms are %s', (ms, text) => expect(seconds(ms)).toBe(text))
