import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { deliverExternals } from './externals.js'

let base: string
let from: string
let to: string
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'externals-'))
  from = join(base, 'from')
  to = join(base, 'work', 'externals')
  await mkdir(join(base, 'work'))
  for (const build of ['node20', 'node24']) {
    await mkdir(join(from, build, 'bin'), { recursive: true })
    await mkdir(join(from, build, 'lib'))
    await writeFile(join(from, build, 'bin', 'node'), `I am ${build}`)
    await chmod(join(from, build, 'bin', 'node'), 0o755)
    await writeFile(join(from, build, 'lib', 'a.js'), 'a')
    await symlink('../lib/a.js', join(from, build, 'bin', 'npm'))
  }
})
afterEach(async () => rm(base, { recursive: true, force: true }))

const node = (build: string): string => join(to, build, 'bin', 'node')

const SIGNAL = new AbortController().signal

describe('deliverExternals', () => {
  test('copies every build with its modes and links', async () => {
    await deliverExternals(from, to, SIGNAL)
    for (const build of ['node20', 'node24']) {
      expect(await readFile(node(build), 'utf8')).toBe(`I am ${build}`)
      expect((await stat(node(build))).mode & 0o777).toBe(0o755)
      expect(await readlink(join(to, build, 'bin', 'npm'))).toBe('../lib/a.js')
      expect((await lstat(join(to, build, 'lib', 'a.js'))).mode & 0o777).toBe(0o644)
    }
  })

  test('leaves a copy with the same contents alone', async () => {
    await deliverExternals(from, to, SIGNAL)
    const { ino } = await stat(node('node20'))
    await deliverExternals(from, to, SIGNAL)
    expect((await stat(node('node20'))).ino).toBe(ino)
    expect((await readdir(to)).sort()).toEqual(['node20', 'node24'])
  })

  test.each<[string, () => Promise<unknown>]>([
    ['half a copy', () => writeFile(node('node20'), 'I am')],
    [
      'another content with the same size and times',
      async () => {
        const { atime, mtime } = await stat(node('node20'))
        await writeFile(node('node20'), 'I am evil20')
        await utimes(node('node20'), atime, mtime)
      }
    ],
    ['a file more', () => writeFile(join(to, 'node20', 'lib', 'more.js'), '')],
    ['a file less', () => rm(join(to, 'node20', 'lib', 'a.js'))],
    [
      'a link in the place of a file',
      async () => {
        await rm(node('node20'))
        await symlink(join(base, 'secret'), node('node20'))
      }
    ],
    [
      'a link in the place of a directory',
      async () => {
        await rm(join(to, 'node20'), { recursive: true })
        await symlink(base, join(to, 'node20'))
      }
    ],
    [
      'a file in the way',
      async () => {
        await rm(join(to, 'node20'), { recursive: true })
        await writeFile(join(to, 'node20'), '')
      }
    ]
  ])('%s is replaced whole', async (_, spoil) => {
    await writeFile(join(base, 'secret'), "the runner's")
    await deliverExternals(from, to, SIGNAL)
    const { ino } = await stat(node('node24'))
    await spoil()
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am node20')
    expect((await lstat(node('node20'))).isFile()).toBe(true)
    expect((await readdir(join(to, 'node20', 'lib'))).sort()).toEqual(['a.js'])
    expect((await stat(node('node24'))).ino).toBe(ino)
    expect(await readFile(join(base, 'secret'), 'utf8')).toBe("the runner's")
    expect((await readdir(base)).sort()).toEqual(['from', 'secret', 'work'])
  })

  test('another runner version is delivered', async () => {
    await deliverExternals(from, to, SIGNAL)
    await writeFile(join(from, 'node20', 'bin', 'node'), 'I am the next node20')
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am the next node20')
  })

  test('a link in the place of all is replaced, and nothing is written behind it', async () => {
    await mkdir(join(base, 'elsewhere'))
    await symlink(join(base, 'elsewhere'), to)
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am node20')
    expect(await readdir(join(base, 'elsewhere'))).toEqual([])
  })

  test('says what cp said, and leaves no half copy', async () => {
    const inside = join(from, 'node20', 'externals')
    await expect(deliverExternals(from, inside, SIGNAL)).rejects.toThrow(/node20 could not be copied .*into itself/)
    expect((await readdir(inside)).filter(name => name.startsWith('.'))).toEqual([])
  })
})
