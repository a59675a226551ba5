import { readFile } from 'node:fs/promises'

import { expect, test } from '@jest/globals'

import { SCHEMA_FILE, settingsSchema } from './settings-schema.js'

test('the published schema is that of the parser; if not, run: npx tsx scripts/settings-schema.ts', async () => {
  expect(await readFile(SCHEMA_FILE, 'utf8')).toBe(settingsSchema())
})
