import { expect, test } from '@jest/globals'

import { coreOf, foundIn } from './canary.js'

const password = `canary-${'0123456789ab'.repeat(2)}:$%+/=`
const canaries = {
  mine: { username: 'robot$a', password },
  other: { username: 'b', password: `canary-${'ba9876543210'.repeat(2)}:$%+/=` }
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

test.each([
  ['as it is', `password ${password}.`],
  ['in a URL', `https://x/?p=${encodeURIComponent(password)}`],
  ['in JSON', JSON.stringify({ password })],
  ...['', 'a', 'ab', 'robot$a:'].map(
    before => [`in base64 after ${before.length} bytes`, base64(`${before}${password}`)] as const
  ),
  ['in a docker configuration in a Secret', base64(JSON.stringify({ auth: base64(`robot$a:${password}`) }))]
])('finds a password %s, and no other', (_, text) => {
  expect(foundIn(text, canaries)).toEqual(['mine'])
})

test('finds none where none is', () => {
  expect(foundIn(`canary-${'0'.repeat(24)} ${base64('canary-')}`, canaries)).toEqual([])
  expect(coreOf(canaries.mine)).toBe(`canary-${'0123456789ab'.repeat(2)}`)
})
