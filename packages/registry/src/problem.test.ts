import { expect, test } from '@jest/globals'
import { redactor } from './problem.js'

test.each([
  ['a secret wherever it stands', 'is pass, pass', 'is ***, ***'],
  ['one that lies within another', 'cGFzcw==pass', '***'],
  ['as a form has it', 'p=a+b%2Fc&x', 'p=***&x'],
  ['as an address has it', '/a%20b%2Fc/x', '/***/x'],
  ['nothing else', 'PASS', 'PASS']
])('%s', (_, text, expected) => {
  expect(redactor(['', 'pass', 'cGFzcw==pass', 'a b/c'])(text)).toBe(expected)
})
