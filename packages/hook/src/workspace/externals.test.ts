import { chmod, lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
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

  test('leaves a complete copy alone', async () => {
    await deliverExternals(from, to, SIGNAL)
    await writeFile(join(to, 'node20', 'lib', 'a.js'), 'kept')
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(join(to, 'node20', 'lib', 'a.js'), 'utf8')).toBe('kept')
  })

  test('does a copy again that was cut off, or is of another runner version', async () => {
    await mkdir(join(to, 'node20', 'bin'), { recursive: true })
    await writeFile(node('node20'), 'I am')
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am node20')
    await writeFile(join(from, 'node20', 'bin', 'node'), 'I am the next node20')
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am the next node20')
  })

  test('says what cp said, and does not pass for complete', async () => {
    await mkdir(to, { recursive: true })
    await writeFile(join(to, 'node20'), 'a file in the way')
    await expect(deliverExternals(from, to, SIGNAL)).rejects.toThrow(
      /node20 could not be copied .*(non-directory|directory)/
    )
    await rm(join(to, 'node20'))
    await deliverExternals(from, to, SIGNAL)
    expect(await readFile(node('node20'), 'utf8')).toBe('I am node20')
  })
})
