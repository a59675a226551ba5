import { expect, test } from '@jest/globals'
import { readKeyValueFile } from './key-value-file.js'

test.each([
  ['A=1\n# c\n\nB=x=y\n', { A: '1', B: 'x=y' }],
  ['{"A": "1\\n2", "N": 3}', { A: '1\n2', N: '3' }]
])('%j', (text, values) => expect(readKeyValueFile(text, 'f')).toEqual(values))

test('a bad line is named by its number, without its content', () => {
  const read = () => readKeyValueFile('A=1\nhunter2', 'secrets')
  expect(read).toThrow('secrets, line 2, is not NAME=VALUE.')
  expect(read).not.toThrow('hunter2')
})
