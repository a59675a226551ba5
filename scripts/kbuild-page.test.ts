import { readFile } from 'node:fs/promises'

import { expect, test } from '@jest/globals'

import { KBUILD_PAGE, kbuildPage } from './kbuild-page.js'

test('docs/kbuild.md has the flags that the command has', async () => {
  expect(await readFile(KBUILD_PAGE, 'utf8')).toBe(await kbuildPage())
})
