import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readContext } from './read.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'context-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

async function paths(dockerfile = 'Dockerfile'): Promise<readonly string[]> {
  return (await readContext(directory, dockerfile)).entries.map(entry => entry.path)
}

test('everything is listed, sorted, parents before children', async () => {
  write({ Dockerfile: 'FROM scratch', 'b/c/d': '', 'b/a': '', 'b-x': '', '.git/HEAD': '' })
  expect(await paths()).toEqual(['.git', '.git/HEAD', 'Dockerfile', 'b', 'b-x', 'b/a', 'b/c', 'b/c/d'])
})

test('kinds, modes and targets are what lstat says', async () => {
  write({ Dockerfile: 'FROM scratch', run: '#!' })
  chmodSync(join(directory, 'run'), 0o4755)
  mkdirSync(join(directory, 'shared'))
  chmodSync(join(directory, 'shared'), 0o2770)
  symlinkSync('/nowhere', join(directory, 'link'))
  const { entries } = await readContext(directory, 'Dockerfile')
  expect(entries.find(entry => entry.path === 'run')).toMatchObject({ kind: 'file', mode: 0o4755, size: 2 })
  expect(entries.find(entry => entry.path === 'shared')).toMatchObject({ kind: 'directory', mode: 0o2770 })
  expect(entries.find(entry => entry.path === 'link')).toMatchObject({ kind: 'symlink', target: '/nowhere' })
})

describe('.dockerignore', () => {
  // [patterns, what is left of the files below]
  const files = ['Dockerfile', 'a.md', 'dir/keep', 'dir/x', 'foo', 'sub/a.md', 'sub/foo', 'Big']
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['foo', ['Big', 'Dockerfile', 'a.md', 'dir', 'dir/keep', 'dir/x', 'sub', 'sub/a.md', 'sub/foo']],
    ['/foo', ['Big', 'Dockerfile', 'a.md', 'dir', 'dir/keep', 'dir/x', 'sub', 'sub/a.md', 'sub/foo']],
    ['**/foo', ['Big', 'Dockerfile', 'a.md', 'dir', 'dir/keep', 'dir/x', 'sub', 'sub/a.md']],
    ['*.md', ['Big', 'Dockerfile', 'dir', 'dir/keep', 'dir/x', 'foo', 'sub', 'sub/a.md', 'sub/foo']],
    ['dir\n!dir/keep', ['Big', 'Dockerfile', 'a.md', 'dir', 'dir/keep', 'foo', 'sub', 'sub/a.md', 'sub/foo']],
    ['# comment\n\n  sub/  \r\ndir', ['Big', 'Dockerfile', 'a.md', 'foo']],
    ['big', ['Big', 'Dockerfile', 'a.md', 'dir', 'dir/keep', 'dir/x', 'foo', 'sub', 'sub/a.md', 'sub/foo']],
    ['\uFEFFdir\nsub', ['Big', 'Dockerfile', 'a.md', 'foo']]
  ]

  test.each(table)('%j', async (patterns, left) => {
    write({ ...Object.fromEntries(files.map(file => [file, ''])), '.dockerignore': patterns })
    expect(await paths()).toEqual(['.dockerignore', ...left])
  })

  // The builder gets a Dockerfile of its own.
  test.each([
    ['*\n!sub/foo', ['sub', 'sub/foo']],
    ['*', []],
    ['Dockerfile\n.dockerignore\nsub\ndir', ['Big', 'a.md', 'foo']]
  ])('%j leaves the Dockerfile and itself out too', async (patterns, left) => {
    write({ ...Object.fromEntries(files.map(file => [file, ''])), '.dockerignore': patterns })
    expect(await paths()).toEqual(left)
  })

  test('the one beside the Dockerfile wins', async () => {
    write({ 'ci.Dockerfile': 'FROM scratch', 'ci.Dockerfile.dockerignore': 'a', '.dockerignore': 'b', a: '', b: '' })
    expect(await paths('ci.Dockerfile')).toEqual(['.dockerignore', 'b', 'ci.Dockerfile', 'ci.Dockerfile.dockerignore'])
  })
})

test('a missing Dockerfile is named with its path', async () => {
  await expect(paths()).rejects.toMatchObject({ code: 'DOCKERFILE_MISSING', fault: 'user' })
  await expect(paths()).rejects.toThrow(join(directory, 'Dockerfile'))
})

test('sockets and pipes are left out with a warning', async () => {
  write({ Dockerfile: 'FROM scratch' })
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(directory, 'pipe')])
  const server = createServer().listen(join(directory, 'socket'))
  try {
    await new Promise(resolve => server.once('listening', resolve))
    const context = await readContext(directory, 'Dockerfile')
    expect(context.entries.map(entry => entry.path)).toEqual(['Dockerfile'])
    expect([...context.warnings].sort()).toEqual([
      'pipe is a pipe or device and is not sent to the build',
      'socket is a socket and is not sent to the build'
    ])
  } finally {
    server.close()
  }
})

test('a name that is not UTF-8 is an error and not a silent loss', async () => {
  write({ Dockerfile: 'FROM scratch' })
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/x`), Buffer.from([0xff])]), '')
  await expect(paths()).rejects.toThrow(/not UTF-8/)
})

test.each([`${'*'.repeat(31)}x`, '*a*a*a*a*a*a*a*a*a*a*b', '[^b]*a*a*a*a*a*a*a*a*b', `${'**/'.repeat(30)}*a*a*a*b`])(
  'the ignore pattern %j ends',
  async pattern => {
    const name = 'a'.repeat(60)
    write({ Dockerfile: 'FROM a', [name]: '', [`d/d/d/${name}`]: '', '.dockerignore': pattern })
    expect(await paths()).toContain(name)
    write({ '.dockerignore': pattern.replace(/.$/, 'a') })
    expect(await paths()).not.toContain(name)
  }
)

test.each(['(a+)+b', '(a|a)+b', 'a+a+a+a+b'])('the ignore pattern %j is refused with its line', async pattern => {
  write({ Dockerfile: 'FROM a', ['a'.repeat(60)]: '', '.dockerignore': `x\n${pattern}` })
  await expect(paths()).rejects.toThrow('line 2 of .dockerignore')
})

describe('a Dockerfile that lies elsewhere', () => {
  test('is read there, with its own ignore file before that of the context', async () => {
    write({ 'ci/app.Dockerfile': 'FROM elsewhere', 'context/a': '', 'context/b': '', 'context/.dockerignore': 'a' })
    const read = async () =>
      readContext(join(directory, 'context'), 'app.Dockerfile', { dockerfileDirectory: join(directory, 'ci') })
    const context = await read()
    expect(context.dockerfileText).toBe('FROM elsewhere')
    expect(context.entries.map(({ path }) => path)).toEqual(['.dockerignore', 'b'])
    write({ 'ci/app.Dockerfile.dockerignore': 'b\n.dockerignore' })
    expect((await read()).entries.map(({ path }) => path)).toEqual(['a'])
  })

  test('is named by its own path when it is missing', async () => {
    write({ 'context/Dockerfile': 'FROM scratch', 'ci/x': '' })
    const reading = readContext(join(directory, 'context'), 'Dockerfile', {
      dockerfileDirectory: join(directory, 'ci')
    })
    await expect(reading).rejects.toThrow(`the Dockerfile ${directory}/ci/Dockerfile does not exist`)
  })
})
