import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { compare } from './compare.js'
import { makeDeep } from './deep.fixture.js'
import { isOfTheRunner, PART } from './leaves-out.js'
import { scan } from './scan.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scan-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const ALL = { leavesOut: () => false, opens: false, opensOthers: false }
const RULES = { leavesOut: () => false, isFixed: () => false }

/** As somebody who is not root, whoever runs the test. */
async function asNobody<T>(body: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return body()
  chmodSync(root, 0o777)
  process.seteuid?.(65_534)
  try {
    return await body()
  } finally {
    process.seteuid?.(0)
  }
}

test('nothing is found behind a link, or of what is left out', async () => {
  mkdirSync(join(root, 'd/left'), { recursive: true })
  writeFileSync(join(root, 'd/f'), 'f')
  symlinkSync('/etc', join(root, 'link'))
  const { index, closed } = await scan(root, { ...ALL, leavesOut: path => path === 'd/left' })
  expect([...index].map(([path, { kind }]) => `${path} ${kind}`)).toEqual(['d d', 'link l', 'd/f f'])
  expect(closed).toEqual([])
})

test('what a killed transfer has left is removed', async () => {
  mkdirSync(join(root, 'd'))
  writeFileSync(join(root, 'd', PART), 'half')
  await scan(root, { ...ALL, leavesOut: isOfTheRunner })
  expect(readdirSync(join(root, 'd'))).toEqual([])
})

describe('a directory that is closed', () => {
  test('is named, and nothing in it counts as gone', async () => {
    await asNobody(async () => {
      mkdirSync(join(root, 'd'))
      writeFileSync(join(root, 'd/f'), 'f')
      const before = await scan(root, ALL)
      chmodSync(join(root, 'd'), 0)
      const now = await scan(root, ALL)
      chmodSync(join(root, 'd'), 0o755)
      expect(now.closed).toEqual(['d'])
      expect(compare(before.index, now.index, now.closed, RULES)).toEqual({ renames: [], removed: [], changed: ['d'] })
    })
  })

  test('is opened where that is asked for', async () => {
    await asNobody(async () => {
      mkdirSync(join(root, 'd/e'), { recursive: true })
      writeFileSync(join(root, 'd/e/f'), 'f')
      chmodSync(join(root, 'd/e'), 0o100)
      chmodSync(join(root, 'd'), 0)
      const { index, closed } = await scan(root, { ...ALL, opens: true })
      expect(closed).toEqual([])
      expect(index.has('d/e/f')).toBe(true)
      expect(lstatSync(join(root, 'd/e')).mode & 0o777).toBe(0o700)
    })
  })
})

test('a directory of another user than root is told as open to everybody, where that is asked for', async () => {
  for (const name of ['of-root', 'of-somebody']) mkdirSync(join(root, name), { mode: 0o755 })
  writeFileSync(join(root, 'file'), '', { mode: 0o644 })
  const isRoot = process.getuid?.() === 0
  if (isRoot) for (const name of ['of-somebody', 'file']) chownSync(join(root, name), 1234, 0)
  const modes = async (opensOthers: boolean): Promise<unknown> => {
    const { index } = await scan(root, { ...ALL, opensOthers })
    return [...index].map(([path, { mode }]) => `${path} ${mode.toString(8)}`).sort()
  }
  expect(await modes(true)).toEqual(['file 644', `of-root ${isRoot ? 755 : 777}`, 'of-somebody 777'])
  expect(await modes(false)).toEqual(['file 644', 'of-root 755', 'of-somebody 755'])
})

test('a tree without end is closed at some depth', async () => {
  makeDeep(root, 'd', 600)
  const { index, closed } = await scan(root, ALL)
  expect(closed).toHaveLength(1)
  expect(index.size).toBeLessThan(600)
})
