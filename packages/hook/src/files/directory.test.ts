import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { Directory } from './directory.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'directory-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('a look from within is one at the directory that is held, whatever has its path by now', () => {
  mkdirSync(join(root, 'd'))
  writeFileSync(join(root, 'd/f'), 'four')
  const held = Directory.reach(root, ['d'])
  const before = process.cwd()
  renameSync(join(root, 'd'), join(root, 'moved'))
  symlinkSync('/etc', join(root, 'd'))
  const seen = held.within(look => ['f', 'passwd'].map(name => look(name)?.size))
  held.close()
  expect(seen).toEqual([4, undefined])
  expect(process.cwd()).toBe(before)
})

test('the process is back where it was when a look from within fails', () => {
  const held = Directory.open(root)
  const before = process.cwd()
  const looking = (): unknown =>
    held.within(() => {
      throw new RangeError('too many')
    })
  expect(looking).toThrow(RangeError)
  held.close()
  expect(process.cwd()).toBe(before)
})
