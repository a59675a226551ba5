import { readFile } from 'node:fs/promises'

import { expect, test } from '@jest/globals'

import { ERRORS_FILE, errorsPage } from './errors-page.js'

test('docs/errors.md has every code and what it means; if not, run: npx tsx scripts/errors-page.ts', async () => {
  expect(await readFile(ERRORS_FILE, 'utf8')).toBe(await errorsPage())
})
