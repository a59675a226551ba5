import { expect, test } from '@jest/globals'

import { nameOf, shownName, systemName } from './names.js'

const NAMES: readonly (readonly number[])[] = [
  [0x61],
  [0xff],
  [0x61, 0xff, 0x62],
  // The first half of a character, an overlong one, a surrogate, one beyond Unicode.
  [0xc3],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [...Buffer.from('ünï 日本 \u{1f600} \ufffd')],
  [...Buffer.from('\ufffd'), 0x80]
]

test.each(NAMES)('the bytes %j have a name of their own, which leads back to them', (...bytes) => {
  const name = nameOf(Buffer.from(bytes))
  expect([...Buffer.from(systemName(name))]).toEqual(bytes)
  // As it crosses.
  expect(JSON.parse(JSON.stringify(name))).toBe(name)
})

test('text stays text', () => {
  expect(nameOf(Buffer.from('日本'))).toBe('日本')
  expect(systemName('日本 \u{1f600}')).toBe('日本 \u{1f600}')
})

test('a name that is shown has nothing that a log would obey', () => {
  expect(shownName(`a\n::error::${nameOf(Buffer.from([0xff]))}`)).toBe('a?::error::\ufffd')
})
