import { expect, test } from '@jest/globals'

import { plainLine, plainLines, redact } from './plain.js'

test.each([
  ['a sentence', 'a sentence'],
  ['  ::error::x', '|   ::error::x'],
  ['a ##[error]b', 'a ## [error]b'],
  ['a\r\n::set-output name=x::y', 'a ::set-output name=x::y'],
  ['a\u001b[2Kb', 'a [2Kb']
])('%j holds no command', (text, plain) => {
  expect(plainLine(text)).toBe(plain)
})

test('several lines stay several, none of them a command', () => {
  expect(plainLines('one\r\n::error::two\rthree')).toEqual(['one', '| ::error::two', 'three'])
})

test('secrets are blotted out, each line of them, the longest first', () => {
  expect(redact('key: abcdef, abc, line2', ['abc', 'abcdef', 'line1\nline2', '', '\n'])).toBe('key: ***, ***, ***')
})
