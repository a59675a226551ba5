import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { changedFiles } from './changed-files.js'
import { unpack } from './unpack.js'

let base: string
let from: string
let to: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'unpack-'))
  from = join(base, 'from')
  to = join(base, 'to')
  for (const path of [from, to, join(base, 'outside')]) mkdirSync(path)
})
afterEach(() => rmSync(base, { recursive: true }))

const pack = (...args: string[]): string => {
  const archive = join(base, 'a.tar')
  execFileSync('tar', ['-cf', archive, '-C', from, ...args])
  return archive
}

describe('unpack', () => {
  test('files, modes, and links as they are: absolute, dangling, leading out', async () => {
    writeFileSync(join(from, 'run'), 'x', { mode: 0o755 })
    symlinkSync('/usr/bin/python3', join(from, 'absolute'))
    symlinkSync('../../../etc', join(from, 'out'))
    await unpack(pack('.'), to)
    expect(lstatSync(join(to, 'run')).mode & 0o777).toBe(0o755)
    expect(readlinkSync(join(to, 'absolute'))).toBe('/usr/bin/python3')
    expect(readlinkSync(join(to, 'out'))).toBe('../../../etc')
  })

  test('nothing is written through a link, nor outside', async () => {
    mkdirSync(join(from, 'd'))
    writeFileSync(join(from, 'd', 'file'), 'theirs')
    symlinkSync(join(base, 'outside'), join(to, 'd'))
    await unpack(pack('.'), to)
    expect(existsSync(join(base, 'outside', 'file'))).toBe(false)
    expect(readFileSync(join(to, 'd', 'file'), 'utf8')).toBe('theirs')
    const climbing = pack('--transform=s,^,../outside/,', '--absolute-names', 'd/file')
    await expect(unpack(climbing, to)).rejects.toThrow(/could not be kept/)
    expect(existsSync(join(base, 'outside', 'd', 'file'))).toBe(false)
  })

  test("the runner's own files are left alone", async () => {
    const own = '_temp/_runner_hook_responses'
    for (const root of [from, to]) mkdirSync(join(root, own), { recursive: true })
    writeFileSync(join(to, own, 'x.json'), 'ours')
    writeFileSync(join(from, own, 'x.json'), 'theirs')
    await unpack(pack('.'), to)
    expect(readFileSync(join(to, own, 'x.json'), 'utf8')).toBe('ours')
  })

  test('a file that could not be written is an error', async () => {
    mkdirSync(join(from, 'a'))
    writeFileSync(join(from, 'a', 'b'), 'x'.repeat(100))
    const name = 'n'.repeat(300)
    await expect(unpack(pack(`--transform=s,^a/b$,${name},`, 'a/b'), to)).rejects.toThrow(/could not be kept/)
  })
})

describe('changedFiles', () => {
  test('files, links and empty directories that are new; nothing of the runner’s own', () => {
    mkdirSync(join(from, 'full'))
    mkdirSync(join(from, 'empty'))
    mkdirSync(join(from, '_tool'))
    mkdirSync(join(from, 'externals/node20'), { recursive: true })
    writeFileSync(join(from, 'externals/node20/x'), '')
    writeFileSync(join(from, 'full/file'), '')
    symlinkSync('nowhere', join(from, 'link'))
    expect(changedFiles(from, 0, new Set(['_tool'])).sort()).toEqual(['empty', 'full/file', 'link'])
    expect(changedFiles(from, Date.now() + 1000, new Set())).toEqual([])
  })
})
