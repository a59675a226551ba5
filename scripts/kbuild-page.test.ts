import { readFile } from 'node:fs/promises'

import { expect, test } from '@jest/globals'

import { COMMANDS } from '../packages/cli/src/commands.js'
import { KBUILD_PAGE, kbuildPage } from './kbuild-page.js'

test('docs/kbuild.md has the flags that the command has', async () => {
  expect(await readFile(KBUILD_PAGE, 'utf8')).toBe(await kbuildPage())
})

test.each(['doctor', 'gc'])('docs/kbuild.md says what the flags of %s are for', async name => {
  const page = await readFile(KBUILD_PAGE, 'utf8')
  const flags = COMMANDS.find(command => command.name === name)?.flags ?? []
  expect(flags.length).toBeGreaterThan(5)
  expect(flags.filter(flag => !page.includes(`--${flag.name}`)).map(flag => flag.name)).toEqual([])
})
