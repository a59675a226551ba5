import { readFile } from 'node:fs/promises'

import { expect, test } from '@jest/globals'

import { OPTIONS_FILE, optionsPage } from './options-page.js'

test('docs/options.md has every option of docker create; if not, run: npx tsx scripts/options-page.ts', async () => {
  expect(await readFile(OPTIONS_FILE, 'utf8')).toBe(await optionsPage())
})
