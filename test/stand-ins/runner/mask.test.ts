import { expect, test } from '@jest/globals'
import { SecretMask } from './mask.js'

test.each([
  ['s3cret', 'a s3cret and s3crets', 'a *** and ***s'],
  ['a.b', 'a.b axb', '*** axb'],
  ['line one\nline two', 'x line two y', 'x *** y'],
  ['hunter2', Buffer.from('hunter2').toString('base64'), '***'],
  ['p"w', JSON.stringify({ a: 'p"w' }), '{"a":"***"}'],
  ['a b&c', 'q=a%20b%26c', 'q=***'],
  ['  ', 'two  blanks', 'two  blanks']
])('%j in %j', (secret, text, masked) => {
  const mask = new SecretMask()
  mask.add(secret)
  expect(mask.hide(text)).toBe(masked)
})

test('the longest secret wins', () => {
  const mask = new SecretMask()
  mask.add('abc')
  mask.add('abcdef')
  expect(mask.hide('abcdef')).toBe('***')
})
