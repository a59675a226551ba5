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

const NAMES = Array.from({ length: 20 }, (_, index) => `f${index}`)

function makeFiles(directory: string, text: string): void {
  mkdirSync(directory)
  for (const name of NAMES) writeFileSync(join(directory, name), text)
}

test('many names mean what is in the directory that is held, whatever has its path by now', () => {
  makeFiles(join(root, 'd'), 'four')
  makeFiles(join(root, 'other'), 'longer')
  const held = Directory.reach(root, ['d'])
  const sizes = (): unknown => held.lookAtAll([...NAMES, 'none'], join(root, 'd')).map(stats => stats?.size)
  const right = [...NAMES.map(() => 4), undefined]
  expect(sizes()).toEqual(right)
  renameSync(join(root, 'd'), join(root, 'moved'))
  expect(sizes()).toEqual(right)
  symlinkSync('other', join(root, 'd'))
  expect(sizes()).toEqual(right)
  rmSync(join(root, 'd'))
  makeFiles(join(root, 'd'), 'another')
  expect(sizes()).toEqual(right)
  held.close()
})
