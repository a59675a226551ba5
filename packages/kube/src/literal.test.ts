import { expect, test } from '@jest/globals'

import { literal } from './literal.js'

test('each dollar sign is told to be one', () => {
  expect(literal('a$b $(C) $$ $$(D)')).toBe('a$$b $$(C) $$$$ $$$$(D)')
  expect(literal('no sign')).toBe('no sign')
})
