import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync
} from 'node:fs'
import { rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { InlineFile } from './context.js'
import { packContext } from './pack.js'
import { readContext } from './read.js'

let top: string
let directory: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'pack-'))
  directory = join(top, 'context')
  mkdirSync(directory)
  write('Dockerfile', 'FROM scratch')
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
  chmodSync(join(directory, path), mode)
}

interface Packed {
  readonly file: string
  readonly sha256: string
  readonly announced: number
  readonly largest: number
}

async function pack(inlineFiles: readonly InlineFile[] = []): Promise<Packed> {
  const archive = await packContext({ ...(await readContext(directory, 'Dockerfile')), inlineFiles })
  const chunks: Uint8Array[] = []
  const sha256 = await archive.send(chunk => {
    chunks.push(chunk)
    return Promise.resolve()
  })
  const file = join(top, 'context.tar')
  writeFileSync(file, Buffer.concat(chunks))
  return { file, sha256, announced: archive.bytes, largest: Math.max(...chunks.map(chunk => chunk.length)) }
}

/** `tar -tv` of the archive: mode, owner, size, time, name. */
function list(file: string): string {
  return execFileSync('tar', ['--full-time', '--utc', '-tvf', file], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } })
}

function unpack(file: string): string {
  const into = join(top, 'unpacked')
  mkdirSync(into)
  execFileSync('tar', ['-xpf', file, '-C', into])
  return join(into, 'context')
}

test('the announced length and the hash are those of what was sent', async () => {
  write('big', Buffer.alloc(3 * 1024 * 1024 + 17, 'x'))
  for (let i = 0; i < 300; i++) write(`small/${i}`, 'x'.repeat(i * 7))
  const packed = await pack()
  const bytes = readFileSync(packed.file)
  expect(bytes.length).toBe(packed.announced)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(packed.sha256)
  expect(packed.largest).toBeLessThanOrEqual(256 * 1024)
})

test('files of the Dockerfile lie beside the context, with their modes', async () => {
  const { file, announced } = await pack([{ path: 'inline/1/EOF', mode: 0o755, content: '#!/bin/sh\nä\n' }])
  expect(readFileSync(file).length).toBe(announced)
  expect(list(file)).toMatch(/^-rwxr-xr-x root\/root +13 1970-01-01 00:00:00 inline\/1\/EOF$/m)
  expect(readFileSync(join(unpack(file), '..', 'inline/1/EOF'), 'utf8')).toBe('#!/bin/sh\nä\n')
})

test('owners are root; modes and times are kept exactly', async () => {
  const modes = [0o644, 0o755, 0o664, 0o600, 0o4755, 0o2755, 0o7777, 0o000, 0o400]
  for (const mode of modes) {
    write(`m${mode.toString(8)}`, 'x', mode)
    utimesSync(join(directory, `m${mode.toString(8)}`), 1_600_000_000, 1_600_000_000.75)
  }
  mkdirSync(join(directory, 'dir'))
  writeFileSync(join(directory, 'dir/inner'), '')
  chmodSync(join(directory, 'dir'), 0o2575)
  utimesSync(join(directory, 'dir'), 1_000_000_000, 1_000_000_000)
  const { file } = await pack()
  for (const line of list(file).trim().split('\n')) expect(line).toMatch(/^\S{10} root\/root /)
  expect(list(file)).toContain('-rw-rw-r-- root/root         1 2020-09-13 12:26:40 context/m664')
  const into = unpack(file)
  for (const mode of modes) {
    expect((lstatSync(join(into, `m${mode.toString(8)}`)).mode & 0o7777).toString(8)).toBe(mode.toString(8))
  }
  expect(lstatSync(join(into, 'dir')).mode & 0o7777).toBe(0o2575)
  expect(lstatSync(join(into, 'dir')).mtimeMs).toBe(1_000_000_000_000)
})

test('long and unusual names arrive whole', async () => {
  const names = [
    'n'.repeat(100),
    'n'.repeat(101),
    'n'.repeat(255),
    `${'d'.repeat(155)}/${'n'.repeat(100)}`,
    `${'d'.repeat(200)}/${'e'.repeat(200)}/${'f'.repeat(200)}`,
    'grüße/日本語 ☃.txt',
    'ü'.repeat(120),
    'new\nline',
    'quote\'"$(x)',
    '-rf',
    ' '
  ]
  for (const name of names) write(name, name)
  const into = unpack((await pack()).file)
  for (const name of names) expect(readFileSync(join(into, name), 'utf8')).toBe(name)
})

test('links stay links, also long ones; hard links become files', async () => {
  write('a', 'shared')
  linkSync(join(directory, 'a'), join(directory, 'b'))
  symlinkSync('../outside', join(directory, 'up'))
  symlinkSync(`/${'t'.repeat(300)}`, join(directory, 'long'))
  symlinkSync('ü', join(directory, 'unicode'))
  const into = unpack((await pack()).file)
  expect(readlinkSync(join(into, 'up'))).toBe('../outside')
  expect(readlinkSync(join(into, 'long'))).toBe(`/${'t'.repeat(300)}`)
  expect(readlinkSync(join(into, 'unicode'))).toBe('ü')
  expect(readFileSync(join(into, 'b'), 'utf8')).toBe('shared')
  expect(lstatSync(join(into, 'b')).nlink).toBe(1)
})

test('directories follow what is in them, so that a read-only one can be filled', async () => {
  write('a/b/c', '')
  write('a/d', '')
  const names = execFileSync('tar', ['-tf', (await pack()).file], { encoding: 'utf8' })
    .trim()
    .split('\n')
  expect(names).toEqual([
    'Dockerfile',
    'Dockerfile.dockerignore',
    ...['Dockerfile', 'a/b/c', 'a/d', 'a/b/', 'a/', ''].map(name => `context/${name}`)
  ])
})

test('the Dockerfile lies beside the context, with an ignore file that leaves nothing out', async () => {
  write('Dockerfile', 'FROM a\n')
  write('.dockerignore', '*')
  const into = join(unpack((await pack()).file), '..')
  expect(execFileSync('find', ['.', '-type', 'f'], { cwd: into, encoding: 'utf8' }).trim().split('\n').sort()).toEqual([
    './Dockerfile',
    './Dockerfile.dockerignore'
  ])
  expect(readFileSync(join(into, 'Dockerfile'), 'utf8')).toBe('FROM a\n')
  expect(readFileSync(join(into, 'Dockerfile.dockerignore'), 'utf8')).toMatch(/^#.*\n$/)
})

test('the same context gives the same bytes', async () => {
  write('x/y', 'z')
  expect((await pack()).sha256).toBe((await pack()).sha256)
})

test('the next piece waits until the last one was taken', async () => {
  write('big', Buffer.alloc(1024 * 1024))
  const archive = await packContext(await readContext(directory, 'Dockerfile'))
  let underWay = 0
  await archive.send(async () => {
    expect(++underWay).toBe(1)
    await new Promise(resolve => setImmediate(resolve))
    underWay--
  })
})

describe('a file that changes while it is sent is an error', () => {
  const changes: Readonly<Record<string, (path: string) => void>> = {
    grows: path => appendFileSync(path, 'more'),
    shrinks: path => truncateSync(path, 10),
    'is written anew': path => writeFileSync(path, Buffer.alloc(600 * 1024, 'y')),
    disappears: path => rmSync(path),
    'becomes a link': path => {
      rmSync(path)
      symlinkSync('/etc/passwd', path)
    }
  }
  test.each(Object.entries(changes))('%s', async (_, change) => {
    write('zzz', Buffer.alloc(600 * 1024, 'x'))
    utimesSync(join(directory, 'zzz'), 1, 1)
    const archive = await packContext(await readContext(directory, 'Dockerfile'))
    change(join(directory, 'zzz'))
    const sending = archive.send(() => Promise.resolve())
    await expect(sending).rejects.toMatchObject({ code: 'CONTEXT_FAILED' })
    await expect(sending).rejects.toThrow('zzz')
  })

  test.each([
    ['in one piece', 4],
    ['in several pieces', 600 * 1024]
  ])('a file %s is swapped for another of the same size and time', async (_, size) => {
    const path = join(directory, 'zzz')
    write('zzz', Buffer.alloc(size, 'x'))
    utimesSync(path, 1, 1)
    const archive = await packContext(await readContext(directory, 'Dockerfile'))
    writeFileSync(`${path}.other`, Buffer.alloc(size, 'x').fill('y', size - 1))
    utimesSync(`${path}.other`, 1, 1)
    renameSync(`${path}.other`, path)
    await expect(archive.send(() => Promise.resolve())).rejects.toMatchObject({ code: 'CONTEXT_FAILED' })
    // It may be sent again, as after a connection that was cut: with the old content it is right.
    writeFileSync(path, Buffer.alloc(size, 'x'))
    await expect(archive.send(() => Promise.resolve())).resolves.toMatch(/^[0-9a-f]{64}$/)
  })

  test('a directory above it becomes a link that leads out of the context', async () => {
    write('sub/secret', 'harmless')
    mkdirSync(join(top, 'outside'))
    writeFileSync(join(top, 'outside', 'secret'), 'a secret')
    const archive = await packContext(await readContext(directory, 'Dockerfile'))
    rmSync(join(directory, 'sub'), { recursive: true })
    symlinkSync(join(top, 'outside'), join(directory, 'sub'))
    await expect(archive.send(() => Promise.resolve())).rejects.toThrow(/sub\/secret .* was moved/)
  })
})
