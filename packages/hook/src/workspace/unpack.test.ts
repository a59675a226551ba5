import {
  existsSync,
  lstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Header } from 'tar'

import { changedFiles } from './changed-files.js'
import { MAX_FILE_COMMAND } from './guard.js'
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

/** An archive made by hand: no tar writes such. */
interface Entry {
  readonly path: string
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'FIFO' | 'CharacterDevice'
  readonly linkpath?: string
  readonly content?: string
  readonly mode?: number
}
const forge = (...entries: readonly Entry[]): string => {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, content: text = '', mode = 0o644 }) => {
    // Old archives wrote directories so: without a type, with a slash, and without contents.
    const content = path.endsWith('/') ? '' : text
    const header = new Header({
      path,
      mode,
      size: content.length,
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : { linkpath })
    })
    header.type = type
    header.encode()
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512)
    body.write(content)
    return [header.block ?? Buffer.alloc(0), body]
  })
  const archive = join(base, 'forged.tar')
  writeFileSync(archive, Buffer.concat([...blocks, Buffer.alloc(1024)]))
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

describe('a hostile archive', () => {
  const COMMANDS = '_temp/_runner_file_commands'
  const RESPONSE = '_temp/_runner_hook_responses/x.json'
  const EVENT = '_temp/_github_workflow/event.json'
  const read = (path: string): string => readFileSync(join(to, path), 'utf8')

  beforeEach(() => {
    for (const path of [COMMANDS, '_temp/_runner_hook_responses', '_temp/_github_workflow', '_temp/_github_home'])
      mkdirSync(join(to, path), { recursive: true })
    writeFileSync(join(to, RESPONSE), 'ours')
    writeFileSync(join(to, COMMANDS, 'set_env'), '')
    writeFileSync(join(to, EVENT), '{}')
    writeFileSync(join(base, 'outside', 'index.js'), 'the hook')
  })
  afterEach(() => {
    expect(read(RESPONSE)).toBe('ours')
    expect(readFileSync(join(base, 'outside', 'index.js'), 'utf8')).toBe('the hook')
    expect(readdirSync(join(base, 'outside'))).toEqual(['index.js'])
  })

  test.each([
    './_temp/_runner_hook_responses/x.json',
    '././_temp/_runner_hook_responses/x.json',
    './/_temp/_runner_hook_responses/x.json',
    './_temp//_runner_hook_responses/x.json',
    '_temp/./_runner_hook_responses/././x.json',
    '_temp/_runner_hook_responses//x.json/',
    '_temp/_runner_hook_responses/y.json',
    './externals/node20/bin/node',
    './/externals//node20/bin/node'
  ])("the runner's own under the name %s", async path => {
    expect(await unpack(forge({ path, content: 'theirs' }), to)).toEqual([])
    expect(readdirSync(join(to, '_temp/_runner_hook_responses'))).toEqual(['x.json'])
    expect(existsSync(join(to, 'externals'))).toBe(false)
  })

  test.each([
    'a/../_temp/_runner_hook_responses/x.json',
    '../outside/index.js',
    'a/../../outside/index.js',
    '/etc/x',
    '..'
  ])('a name that climbs, %s', async path => {
    await expect(unpack(forge({ path, content: 'theirs' }), to)).rejects.toThrow(/leads out of the work directory/)
  })

  test.each([
    '_temp',
    './_temp',
    '././_temp/',
    './/_temp',
    `${COMMANDS}/`,
    '_temp/_github_home',
    '_temp//_github_workflow'
  ])('a link, a file and a hard link in the place of %s', async path => {
    const archive = forge(
      { path: 'brought', content: 'x' },
      { path, type: 'SymbolicLink', linkpath: join(base, 'outside') },
      { path: path.replace(/\/$/, ''), content: 'theirs' },
      { path, type: 'Link', linkpath: 'brought' },
      { path: `${path}/late`, content: 'x' }
    )
    const leftOut = await unpack(archive, to)
    expect(leftOut).toHaveLength(3)
    for (const what of ['a symbolic link', 'a file', 'a hard link']) expect(leftOut.join('\n')).toContain(what)
    expect(lstatSync(join(to, path.replace(/\/$/, ''))).isDirectory()).toBe(true)
  })

  test.each<[string, Entry]>([
    ['a symbolic link', { path: `${COMMANDS}/set_env`, type: 'SymbolicLink', linkpath: '/etc/passwd' }],
    ['a symbolic link', { path: `.//_temp/././_runner_file_commands/set_env`, type: 'SymbolicLink', linkpath: 'x' }],
    ['a special file', { path: `${COMMANDS}/set_env`, type: 'FIFO' }],
    ['a special file', { path: `${COMMANDS}/set_env`, type: 'CharacterDevice' }],
    ['a directory', { path: `${COMMANDS}/set_env`, type: 'Directory' }],
    ['a directory', { path: `${COMMANDS}/set_env/deep`, content: 'x' }],
    ['a symbolic link', { path: EVENT, type: 'SymbolicLink', linkpath: '/etc/passwd' }]
  ])('%s in the place of what the runner reads or writes', async (what, entry) => {
    expect(await unpack(forge(entry), to)).toEqual([expect.stringContaining(what)])
    for (const path of [`${COMMANDS}/set_env`, EVENT]) expect(lstatSync(join(to, path)).isFile()).toBe(true)
  })

  test('a file command of an honest size comes, a larger one fails', async () => {
    expect(await unpack(forge({ path: `./${COMMANDS}/set_env`, content: 'A=1' }), to)).toEqual([])
    expect(read(`${COMMANDS}/set_env`)).toBe('A=1')
    mkdirSync(join(from, COMMANDS), { recursive: true })
    writeFileSync(join(from, COMMANDS, 'set_env'), '')
    truncateSync(join(from, COMMANDS, 'set_env'), MAX_FILE_COMMAND + 1)
    await expect(unpack(pack(`./${COMMANDS}/set_env`), to)).rejects.toThrow(/set_env: 16777217 bytes/)
    expect(read(`${COMMANDS}/set_env`)).toBe('A=1')
  })

  test('a link that it brings itself, and files behind it', async () => {
    const archive = forge(
      { path: 'a/link', type: 'SymbolicLink', linkpath: join(base, 'outside') },
      { path: 'a/link/index.js', content: 'theirs' }
    )
    expect(await unpack(archive, to)).toEqual([])
    expect(read('a/link/index.js')).toBe('theirs')
    expect(lstatSync(join(to, 'a/link')).isDirectory()).toBe(true)
  })

  test.each([
    RESPONSE,
    `./_temp//_runner_hook_responses/x.json`,
    'there',
    EVENT,
    'link',
    'link/index.js',
    '../outside/index.js'
  ])('a hard link to %s, which it did not bring', async linkpath => {
    writeFileSync(join(to, 'there'), 'there')
    symlinkSync(join(base, 'outside', 'index.js'), join(to, 'link'))
    await expect(unpack(forge({ path: 'hard', type: 'Link', linkpath }), to)).rejects.toThrow(/hard/)
    expect(existsSync(join(to, 'hard'))).toBe(false)
  })

  test('hard links to what it brought are hard links, but for file commands', async () => {
    writeFileSync(join(from, 'one'), 'x')
    linkSync(join(from, 'one'), join(from, 'two'))
    await unpack(pack('.'), to)
    expect(statSync(join(to, 'one')).ino).toBe(statSync(join(to, 'two')).ino)
    const archive = forge(
      { path: 'one', content: 'A=1' },
      { path: `${COMMANDS}/set_env`, type: 'Link', linkpath: 'one' }
    )
    await expect(unpack(archive, to)).rejects.toThrow(/set_env: a hard link is not taken there/)
    expect(statSync(join(to, COMMANDS, 'set_env')).nlink).toBe(1)
  })

  test('permissions come, and no bit by which a program runs as another', async () => {
    await unpack(
      forge(
        { path: 'run', content: 'x', mode: 0o6755 },
        { path: 'd', type: 'Directory', mode: 0o3555 },
        { path: 'd/secret', content: 'x', mode: 0 }
      ),
      to
    )
    expect(['run', 'd', 'd/secret'].map(path => statSync(join(to, path)).mode & 0o7777)).toEqual([0o755, 0o755, 0o400])
  })

  test('a file where a directory was, a directory where a file or a link was', async () => {
    mkdirSync(join(to, 'd', 'deep'), { recursive: true })
    writeFileSync(join(to, 'f'), 'x')
    symlinkSync(join(base, 'outside'), join(to, 'l'))
    const archive = forge(
      { path: 'd/deep/x', content: 'x' },
      { path: 'd', content: 'now a file' },
      { path: 'f/x', content: 'x' },
      { path: 'l', type: 'Directory', mode: 0o755 },
      { path: 'l/x', content: 'x' }
    )
    expect(await unpack(archive, to)).toEqual([])
    expect(read('d')).toBe('now a file')
    expect([read('f/x'), read('l/x')]).toEqual(['x', 'x'])
  })

  test('a compressed one is not unpacked, whatever it holds', async () => {
    const archive = join(base, 'a.tgz')
    writeFileSync(join(from, 'zeros'), Buffer.alloc(100_000))
    execFileSync('tar', ['-czf', archive, '-C', from, '.'])
    await expect(unpack(archive, to)).rejects.toThrow(/compressed/)
    expect(existsSync(join(to, 'zeros'))).toBe(false)
  })

  test('a damaged one is an error', async () => {
    const archive = forge({ path: 'a', content: 'x' }, { path: 'b', content: 'y' })
    const bytes = readFileSync(archive)
    bytes[1024] = 0x7a
    writeFileSync(archive, bytes)
    await expect(unpack(archive, to)).rejects.toThrow(/checksum/)
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
    const paths = (since: number, known: Set<string>): string[] =>
      changedFiles(from, since, known)
        .changed.map(({ path }) => path)
        .sort()
    expect(paths(0, new Set(['_tool']))).toEqual(['empty', 'full/file', 'link'])
    expect(paths(Date.now() + 1000, new Set())).toEqual([])
  })
})
