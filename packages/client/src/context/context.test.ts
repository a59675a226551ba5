import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ContextSource } from '../image-build.js'
import { Header } from 'tar'
import { isGitUrl, parseGitUrl, withoutUser } from './git-url.js'
import { openContext } from './open.js'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'open-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>, directory = home): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

/** What would be sent; the temporary directory is gone afterwards. */
async function sent(source: ContextSource, dockerfile?: string, env: Readonly<Record<string, string>> = {}) {
  const own = { PATH: process.env['PATH'], HOME: home, TMPDIR: home, ...env }
  const open = await openContext({ context: source, ...(dockerfile === undefined ? {} : { dockerfile }) }, own)
  const { directory, dockerfileText, entries, warnings } = open.context
  // `kbuild-context-…/context`, or a directory below.
  const parent = directory.replace(/(\/kbuild-context-[^/]+)\/.*$/, '$1')
  if (source.kind !== 'directory') expect(statSync(parent).mode & 0o777).toBe(0o700)
  await open.close()
  if (source.kind !== 'directory') expect(existsSync(parent)).toBe(false)
  const targets = entries.flatMap(entry => (entry.kind === 'symlink' ? entry.target : []))
  return { dockerfileText, warnings, targets, paths: entries.map(({ path }) => path) }
}

describe('a directory', () => {
  test('is read where it lies, with the Dockerfile in it or elsewhere', async () => {
    write({ 'app/Dockerfile': 'FROM a', 'app/x': '', 'app/sub/two': 'FROM b', 'ci/three': 'FROM c' })
    const source = { kind: 'directory', path: join(home, 'app') } as const
    expect(await sent(source)).toMatchObject({ dockerfileText: 'FROM a' })
    expect(await sent(source, join(home, 'app/sub/two'))).toMatchObject({ dockerfileText: 'FROM b' })
    expect(await sent(source, join(home, 'ci/three'))).toMatchObject({
      dockerfileText: 'FROM c',
      paths: ['Dockerfile', 'sub', 'sub/two', 'x']
    })
    await expect(sent(source, join(home, 'ci/four'))).rejects.toMatchObject({ code: 'DOCKERFILE_MISSING' })
  })
})

describe('an archive', () => {
  type Entry = Omit<ConstructorParameters<typeof Header>[0], never> & object

  function tar(...entries: readonly (readonly [entry: Entry, content?: string])[]): Buffer {
    const blocks = entries.flatMap(([entry, content = '']) => {
      const block = Buffer.alloc(512)
      const own = { mode: 0o644, size: content.length, mtime: new Date(0), type: 'File', ...entry }
      new Header(own as ConstructorParameters<typeof Header>[0]).encode(block)
      const body = Buffer.alloc(Math.ceil(content.length / 512) * 512)
      body.write(content)
      return [block, body]
    })
    return Buffer.concat([...blocks, Buffer.alloc(1024)])
  }

  const archive = (content: Buffer | string, size = 100): ContextSource => {
    const bytes = Buffer.from(content)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size)
    )
    return { kind: 'archive', content: Readable.from(chunks) }
  }

  const GOOD = tar(
    [{ path: './', type: 'Directory', mode: 0o777 }],
    [{ path: './Dockerfile' }, 'FROM a'],
    [{ path: 'dir/run', mode: 0o755 }, 'x'],
    [{ path: 'out', type: 'SymbolicLink', linkpath: '/etc/passwd' }]
  )

  test.each([
    ['plain', GOOD],
    ['by gzip', gzipSync(GOOD)]
  ])('%s is unpacked, whatever pieces it comes in', async (_, content) => {
    for (const size of [1, 511, 100_000]) {
      expect(await sent(archive(content, size))).toEqual({
        targets: ['/etc/passwd'],
        dockerfileText: 'FROM a',
        warnings: [],
        paths: ['Dockerfile', 'dir', 'dir/run', 'out']
      })
    }
  })

  test('of entries with the same name the last counts, as for tar', async () => {
    const link = (path: string, linkpath: string) => [{ path, type: 'SymbolicLink', linkpath }] as const
    const again = tar(
      [{ path: 'Dockerfile' }, 'FROM old'],
      link('l', 'one'),
      link('./l', 'two'),
      link('file', 'gone'),
      [{ path: 'file' }, 'x'],
      [{ path: 'link' }, 'x'],
      link('link', 'three'),
      [{ path: 'Dockerfile' }, 'FROM new']
    )
    expect(await sent(archive(again))).toMatchObject({
      dockerfileText: 'FROM new',
      paths: ['Dockerfile', 'file', 'l', 'link'],
      targets: ['two', 'three']
    })
  })

  test('a Dockerfile by itself is one of an empty context', async () => {
    expect(await sent(archive('FROM a\nRUN x\n'))).toMatchObject({
      dockerfileText: 'FROM a\nRUN x\n',
      paths: ['Dockerfile']
    })
  })

  test.each([
    ['a path above', tar([{ path: '../evil' }, 'x']), /the entry "\.\.\/evil" leads out of it/],
    ['a path inside and above', tar([{ path: 'a/../../evil' }, 'x']), /leads out of it/],
    ['an absolute path', tar([{ path: '/tmp/evil' }, 'x']), /leads out of it/],
    [
      'a hard link to elsewhere',
      tar([{ path: 'evil', type: 'Link', linkpath: '/etc/passwd' }]),
      /the hard link "evil"/
    ],
    [
      'an entry below a link',
      tar([{ path: 'l', type: 'SymbolicLink', linkpath: '..' }], [{ path: 'l/evil' }, 'x']),
      /EEXIST/
    ],
    [
      'a link below a link',
      tar(
        [{ path: 'l', type: 'SymbolicLink', linkpath: tmpdir() }],
        [{ path: 'l/evil', type: 'SymbolicLink', linkpath: '/' }]
      ),
      /"l\/evil" is below something that is no directory/
    ],
    ['half of itself', gzipSync(Buffer.concat([GOOD, Buffer.alloc(100_000, 'x')])).subarray(0, 120), /cannot be used/],
    ['an entry that is cut', GOOD.subarray(0, 1500), /cannot be used/],
    ['nothing', '', /nothing has come/],
    ['only an end', Buffer.alloc(2048), /neither a tar archive nor a Dockerfile/],
    ['xz', Buffer.from('fd377a585a0000', 'hex'), /compressed by xz/],
    ['binary data', Buffer.from([1, 0, 2]), /neither a tar archive nor a Dockerfile/]
  ])('with %s is refused, and nothing is left of it', async (_, content, message) => {
    write({ 'outer/mark': '' })
    await expect(sent(archive(content))).rejects.toMatchObject({
      code: 'CONTEXT_FAILED',
      message: expect.stringMatching(message)
    })
    expect(readdirSync(tmpdir()).filter(name => name === 'evil')).toEqual([])
    expect(readdirSync(home)).toEqual(['outer'])
  })
})

describe('a repository', () => {
  let server: Server
  let address: string
  let work: string

  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...args], {
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe']
    }).trim()

  beforeEach(async () => {
    work = join(home, 'served', 'app.git')
    mkdirSync(work, { recursive: true })
    git('init', '-q')
    write({ Dockerfile: 'FROM main', 'sub/Dockerfile': 'FROM sub', 'sub/x': '' }, work)
    symlinkSync('/', join(work, 'root'))
    git('add', '.')
    git('commit', '-qm', 'one')
    git('tag', 'v1')
    git('checkout', '-qb', 'feature/x')
    write({ Dockerfile: 'FROM feature', '.gitmodules': '' }, work)
    git('add', '.')
    git('commit', '-qm', 'two')
    git('checkout', '-q', 'main')
    server = createServer(socket => {
      const daemon = spawn('git', ['daemon', '--inetd', '--export-all', `--base-path=${join(home, 'served')}`])
      socket.pipe(daemon.stdin)
      daemon.stdout.pipe(socket)
      socket.on('error', () => undefined)
      daemon.stdin.on('error', () => undefined)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    address = `git://127.0.0.1:${(server.address() as AddressInfo).port}/app.git`
  })
  afterEach(() => void server.close())

  const from = (fragment: string): ContextSource => ({ kind: 'git', url: `${address}${fragment}` })

  test.each([
    ['', 'FROM main'],
    ['#v1', 'FROM main'],
    ['#feature/x', 'FROM feature'],
    ['#:sub', 'FROM sub'],
    ['#v1:/sub/', 'FROM sub']
  ])('%s is checked out, without .git', async (fragment, text) => {
    const { dockerfileText, paths } = await sent(from(fragment))
    expect(dockerfileText).toBe(text)
    expect(paths.filter(path => path.startsWith('.git/'))).toEqual([])
    expect(paths).toContain('Dockerfile')
  })

  test('is taken at a commit, too, and says that submodules are missing', async () => {
    const { dockerfileText, warnings } = await sent(from(`#${git('rev-parse', 'feature/x')}`))
    expect([dockerfileText, warnings]).toEqual(['FROM feature', [expect.stringContaining('submodules')]])
  })

  test.each([
    ['#nowhere', /at nowhere cannot be fetched: git ended with exit code 128: .*nowhere/],
    ['#main:none', /the directory .*none of the Dockerfile does not exist/],
    ['#main:root', /leads out/]
  ])('%s is refused', async (fragment, message) => {
    await expect(sent(from(fragment))).rejects.toThrow(message)
    expect(readdirSync(home).filter(name => name.startsWith('kbuild'))).toEqual([])
  })

  test("runs no hook of the user's templates, and stays away from the repository where it stands", async () => {
    write({ 'templates/hooks/post-checkout': `#!/bin/sh\ntouch ${home}/ran` })
    execFileSync('chmod', ['755', join(home, 'templates/hooks/post-checkout')])
    write({ '.gitconfig': `[init]\n\ttemplateDir = ${home}/templates\n[core]\n\thooksPath = ${home}/templates/hooks` })
    await sent(from(''), undefined, { GIT_DIR: join(work, '.git'), GIT_WORK_TREE: work })
    expect(existsSync(join(home, 'ran'))).toBe(false)
    expect(readFileSync(join(work, 'Dockerfile'), 'utf8')).toBe('FROM main')
  })

  test('shows its credential to nobody who reads a message or the list of processes', async () => {
    write({ 'bin/git': `#!/bin/sh\necho "$*" >>${home}/argv\nexec /usr/bin/env -u PATH /usr/bin/git "$@"` })
    execFileSync('chmod', ['755', join(home, 'bin/git')])
    const url = 'http://user:canary@127.0.0.1:1/app.git'
    const failing = sent({ kind: 'git', url }, undefined, { PATH: `${join(home, 'bin')}:/usr/bin:/bin` })
    await expect(failing).rejects.toThrow(/http:\/\/127.0.0.1:1\/app.git at HEAD cannot be fetched/)
    await expect(failing).rejects.not.toThrow(/canary/)
    expect(readFileSync(join(home, 'argv'), 'utf8')).toMatch(/fetch/)
    expect(readFileSync(join(home, 'argv'), 'utf8')).not.toContain('canary')
  })
})

describe('the credential in an address', () => {
  /** A registry of repositories that lets one user in and has nothing; it sees the list of processes. */
  async function serve(): Promise<{ server: Server; port: number; seen: Set<string>; processes: Set<string> }> {
    const seen = new Set<string>()
    const processes = new Set<string>()
    const server = createHttpServer((request, response) => {
      for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
        try {
          processes.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '))
        } catch {
          // It has ended.
        }
      }
      const { authorization } = request.headers
      if (authorization !== undefined) seen.add(Buffer.from(authorization.slice(6), 'base64').toString())
      response.writeHead(authorization === undefined ? 401 : 404, { 'WWW-Authenticate': 'Basic realm="x"' }).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return { server, port: (server.address() as AddressInfo).port, seen, processes }
  }

  test.each([
    // What the user keeps for the same host does not count.
    ['user:canary', 'echo username=other; echo password=other', 'user:canary'],
    ['user:can%61ry%40%23', 'echo username=other; echo password=other', 'user:canary@#'],
    ['user:p@canary', 'false', 'user:p@canary'],
    // A name alone is asked for, and a token if nobody knows it.
    ['canary', 'grep -q username=canary && echo password=known', 'canary:known'],
    ['canary', 'false', 'canary:']
  ])('%s lets git in, and stands in no list of processes, with %s', async (user, helper, shown) => {
    const { server, port, seen, processes } = await serve()
    write({ '.gitconfig': `[credential]\n\thelper = "!f() { ${helper}; }; f"` })
    try {
      const failing = sent({ kind: 'git', url: `http://${user}@127.0.0.1:${port}/app.git` })
      await expect(failing).rejects.toThrow(/not found/)
      await expect(failing).rejects.not.toThrow(/canary/)
    } finally {
      server.close()
    }
    expect([...seen]).toEqual([shown])
    const gits = [...processes].filter(line => line.includes(`127.0.0.1:${port}`))
    expect(gits.join('\n')).toMatch(/remote-http/)
    expect(gits.join('\n')).not.toMatch(/can(?:a|%61)ry/)
  })

  test('is left out of messages, with an @ in it too', () => {
    expect(withoutUser('https://user:p@canary@h/a.git')).toBe('https://h/a.git')
    expect(() => parseGitUrl('https://user:p@canary@h/a.git?x')).toThrow(/"https:\/\/h\/a.git\?x"/)
  })
})

describe('a repository by ssh', () => {
  const noting = (name: string): string => `#!/bin/sh\necho "${name} $*" >>${home}/ran\nexit 1`

  test.each([
    ['ssh that asks nobody', {}, '', /^ssh -o BatchMode=yes .*git@h\.invalid/],
    ['the program of the user’s configuration', {}, '[core]\n\tsshCommand = HOME/own', /^own .*git@h\.invalid/],
    ['that of GIT_SSH', { GIT_SSH: 'HOME/own' }, '', /^own .*git@h\.invalid/],
    ['that of GIT_SSH_COMMAND', { GIT_SSH_COMMAND: 'HOME/own -x' }, '', /^own -x .*git@h\.invalid/]
  ])('is fetched by %s', async (_, env, config, expected) => {
    write({ 'bin/ssh': noting('ssh'), own: noting('own'), '.gitconfig': config.replace('HOME', home) })
    for (const name of ['bin/ssh', 'own']) execFileSync('chmod', ['755', join(home, name)])
    const variables = Object.entries(env).map(([name, value]) => [name, value.replace('HOME', home)] as const)
    const own = { PATH: `${join(home, 'bin')}:/usr/bin:/bin`, ...Object.fromEntries(variables) }
    await expect(sent({ kind: 'git', url: 'git@h.invalid:a/b.git' }, undefined, own)).rejects.toThrow(
      /cannot be fetched/
    )
    expect(readFileSync(join(home, 'ran'), 'utf8').split('\n').at(-2)).toMatch(expected)
  })
})

describe('the address of a repository', () => {
  test.each([
    ['https://h/a.git', true],
    ['https://h/a.git#main', true],
    ['https://h/a.tar.gz', false],
    ['git@h:a/b', true],
    ['ssh://h/a', true],
    ['github.com/a/b', true],
    ['./github.com', false],
    ['a.git', false]
  ])('%s is one: %s', (text, expected) => {
    expect(isGitUrl(text)).toBe(expected)
  })

  test.each([
    ['https://h/a.git', { remote: 'https://h/a.git', ref: 'HEAD', directory: '' }],
    ['github.com/a/b#x', { remote: 'https://github.com/a/b', ref: 'x', directory: '' }],
    ['git@h:a#refs/pull/1/head:d/e/', { remote: 'git@h:a', ref: 'refs/pull/1/head', directory: 'd/e' }]
  ])('%s is read', (text, expected) => {
    expect(parseGitUrl(text)).toEqual(expected)
  })

  test.each([
    'file:///etc',
    'ext::sh -c x',
    '/srv/a.git',
    '--upload-pack=x',
    '-u@h:x',
    'https:///a.git',
    'https://h/a b.git',
    'https://h/a.git\n[core]',
    'https://h/a.git#--upload-pack=x',
    'https://h/a.git#+a:b/..',
    'https://h/a.git#a:../b',
    'https://h/a.git#a..b',
    'https://h/a.git?ref=x'
  ])('%j is refused', text => {
    expect(() => parseGitUrl(text)).toThrow(/is not the address of a Git repository/)
  })
})
