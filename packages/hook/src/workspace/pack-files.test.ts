import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { packFiles } from './pack-files.js'

let top: string
let from: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'pack-files-'))
  from = join(top, 'from')
  mkdirSync(from)
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

/** Packs paths and unpacks them by GNU tar. */
async function travel(...paths: readonly string[]): Promise<string> {
  const archive = join(top, 'a.tar')
  await packFiles(archive, from, paths)
  const into = join(top, 'into')
  mkdirSync(into)
  execFileSync('tar', ['-xpf', archive, '-C', into])
  return into
}

test('contents, modes, times and names arrive exactly', async () => {
  const long = `${'d'.repeat(120)}/${'e'.repeat(120)}/ä\n\\ @x`
  const files: Record<string, Buffer> = {
    '@odd': Buffer.from('x'),
    [long]: Buffer.alloc(512, 'y'),
    empty: Buffer.alloc(0),
    big: Buffer.alloc(3 * 1024 * 1024 + 17, 'z')
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(from, path, '..'), { recursive: true })
    writeFileSync(join(from, path), content)
    utimesSync(join(from, path), 1_600_000_000, 1_600_000_000.75)
  }
  chmodSync(join(from, 'big'), 0o4751)
  const into = await travel(...Object.keys(files))
  for (const [path, content] of Object.entries(files)) {
    expect(readFileSync(join(into, path)).equals(content)).toBe(true)
    expect(lstatSync(join(into, path)).mtimeMs).toBe(1_600_000_000_750)
  }
  expect(lstatSync(join(into, 'big')).mode & 0o7777).toBe(0o4751)
})

test('directories come empty, links as links, and files that are one stay one', async () => {
  mkdirSync(join(from, 'dir'))
  writeFileSync(join(from, 'dir/inner'), '')
  chmodSync(join(from, 'dir'), 0o1770)
  symlinkSync('/nowhere', join(from, 'link'))
  symlinkSync('t'.repeat(300), join(from, 'long'))
  writeFileSync(join(from, 'one'), 'same')
  linkSync(join(from, 'one'), join(from, 'other'))
  const into = await travel('dir', 'link', 'long', 'one', 'other')
  expect(lstatSync(join(into, 'dir')).mode & 0o7777).toBe(0o1770)
  expect(() => lstatSync(join(into, 'dir/inner'))).toThrow('ENOENT')
  expect(execFileSync('readlink', [join(into, 'link')], { encoding: 'utf8' })).toBe('/nowhere\n')
  expect(execFileSync('readlink', [join(into, 'long')], { encoding: 'utf8' })).toBe(`${'t'.repeat(300)}\n`)
  expect(lstatSync(join(into, 'one')).ino).toBe(lstatSync(join(into, 'other')).ino)
})

test('a socket is left out, and a file that is gone is named', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(join(from, 's'), resolve))
  try {
    writeFileSync(join(from, 'f'), 'x')
    const into = await travel('s', 'f')
    expect(() => lstatSync(join(into, 's'))).toThrow('ENOENT')
    expect(readFileSync(join(into, 'f'), 'utf8')).toBe('x')
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
  await expect(packFiles(join(top, 'b.tar'), from, ['f', 'gone'])).rejects.toThrow(/ENOENT.*gone/)
})
