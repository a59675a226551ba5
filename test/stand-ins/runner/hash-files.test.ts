import { describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directoryMatcher, globMatcher, hashFiles } from './hash-files.js'

describe('globMatcher', () => {
  test.each([
    ['*.json', '/w/a.json', true],
    ['*.json', '/w/b/a.json', false],
    ['**/*.json', '/w/a.json', true],
    ['**/*.json', '/w/b/c/a.json', true],
    ['b', '/w/b/c/a.json', true],
    ['b/**', '/w/b/c', true],
    ['./a?c', '/w/abc', true],
    ['a[!b]c', '/w/abc', false],
    ['a.c', '/w/abc', false],
    ['/w/x', '/w/x', true],
    ['', '/w/x', true]
  ])('%s, %s', (pattern, path, matches) => expect(globMatcher('/w', pattern)(path)).toBe(matches))
})

describe('directoryMatcher', () => {
  test.each([
    ['*.json', '/w', true],
    ['*.json', '/w/private', false],
    ['p*', '/w/private/deep', true],
    ['**/*.json', '/w/b/c', true],
    ['b/**', '/w/b/c', true],
    ['b/**', '/w/private', false],
    ['b/c/d', '/w/b/c', true],
    ['-dash', '/w/private', false]
  ])('%s, %s', (pattern, directory, enters) => expect(directoryMatcher('/w', pattern)(directory)).toBe(enters))
})

test('hashFiles is the hash of the hashes in order, and empty for nothing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hash-files-'))
  await mkdir(`${root}/b`)
  await writeFile(`${root}/b/lock`, 'two')
  await writeFile(`${root}/a.lock`, 'one')
  await writeFile(`${root}/c.lock`, 'out')
  const sha = (data: string | Buffer) => createHash('sha256').update(data).digest()
  const expected = sha(Buffer.concat([sha('one'), sha('two')])).toString('hex')
  expect(hashFiles(root, ['*.lock\n!c.lock', '**/lock'])).toBe(expected)
  expect(hashFiles(root, ['none'])).toBe('')
})
