import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startImageRegistry } from '@kaniko-hooks/testing'

import { COMMANDS } from './commands.js'
import { completionScript } from './completion.js'
import { run } from './run.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kbuild-run-'))
  await mkdir(join(directory, 'context'))
  await writeFile(join(directory, 'context/Dockerfile'), 'FROM reg.test/base:1\nRUN make\n')
})
afterEach(async () => rm(directory, { recursive: true }))

interface Options {
  readonly input?: string | Buffer | Readable
  readonly env?: Record<string, string>
  readonly signal?: AbortSignal
}

async function kbuild(words: readonly string[], options: Options = {}) {
  let stdout = ''
  let stderr = ''
  const code = await run(words, {
    directory,
    env: { PATH: process.env['PATH'], HOME: directory, ...options.env },
    stdin:
      options.input instanceof Readable ? options.input : Readable.from([Buffer.from((options.input ?? '') as string)]),
    stdout: text => (stdout += text),
    stderr: text => (stderr += text),
    columns: undefined,
    version: '1.2.3',
    signal: options.signal ?? new AbortController().signal
  })
  return { code, stdout, stderr }
}

const DIGEST = `sha256:${'0a'.repeat(32)}`

/** A command that plays the other side: it says what a shell with our program would say. */
async function side(ending: string): Promise<string> {
  const path = join(directory, 'side')
  await writeFile(
    path,
    `#!/bin/bash
while IFS= read -r line; do
  case $line in 'say() '*) mark=$(sed 's/.*echo "\\([0-9a-f]*\\) .*/\\1/' <<< "$line");; 'kbuild; exit 0') break;; esac
done
echo "$mark READY x86_64 Kaniko version :  v1.28.3"
IFS= read -r bytes
sum=$(head -c "$bytes" | sha256sum)
echo "$mark RECEIVED \${sum%% *}"
${ending}
`
  )
  await chmod(path, 0o755)
  return path
}

describe('a build', () => {
  const good = `echo '::add-path::/evil'; echo "$mark END 0 ${DIGEST}"`

  test('-q: the digest and nothing else; files for scripts', async () => {
    const files = ['--metadata-file', 'out/meta.json', '--iidfile', 'iid', '--digest-file', 'digest']
    const words = ['-qt', 'reg.test/a:1', '--push', '--via', await side(good), ...files, 'context']
    expect(await kbuild(words)).toEqual({ code: 0, stdout: `${DIGEST}\n`, stderr: '' })
    expect(JSON.parse(await readFile(join(directory, 'out/meta.json'), 'utf8'))).toEqual({
      'containerimage.digest': DIGEST,
      'image.name': 'reg.test/a:1'
    })
    for (const name of ['iid', 'digest']) expect(await readFile(join(directory, name), 'utf8')).toBe(DIGEST)
  })

  test('docker’s longer names, and nothing on standard output', async () => {
    for (const words of [['build'], ['buildx', 'build'], ['image', 'build'], ['builder', 'build'], ['buildx', 'b']]) {
      const { code, stdout, stderr } = await kbuild([...words, '--via', await side(good), 'context'])
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
      expect(stderr).toContain(`Built ${DIGEST}`)
    }
  })

  test('in a workflow, lines of the build are no commands of the runner', async () => {
    const env = { GITHUB_ACTIONS: 'true' }
    const { stderr } = await kbuild(['--via', await side(good), 'context'], { env })
    const [, word = ''] = /^::stop-commands::([0-9a-f]{32})\n/.exec(stderr) ?? []
    expect(stderr).toMatch(/\n::add-path::\/evil\n/)
    expect(stderr.endsWith(`\n::${word}::\n`)).toBe(true)
  })

  test('in a workflow, no way of showing a build lets it speak to the runner', async () => {
    const env = { GITHUB_ACTIONS: 'true' }
    const evil = `echo '##[set-output name=a]evil'; echo '::add-path::/evil'; echo "$mark`
    const good = await side(`${evil} END 0 ${DIGEST}"`)
    const { stdout } = await kbuild(['--json', '--via', good, 'context'], { env })
    expect(stdout).not.toContain('##[')
    expect(stdout.split('\n').map(line => line && (JSON.parse(line) as { line?: string }).line)).toContain(
      '##[set-output name=a]evil'
    )
    const tty = await kbuild(['--progress', 'tty', '--via', good, 'context'], { env })
    expect(tty.stderr).toMatch(/^::stop-commands::/)
    const quiet = await kbuild(['-q', '--via', await side(`${evil} REFUSED x'"`), 'context'], { env })
    expect(quiet.stderr).toMatch(/^::stop-commands::([0-9a-f]{32})\nkbuild: [^]*\n::\1::\n$/)
    const print = await kbuild(['--print', '--via', 'ssh x', 'context'], { env })
    expect(print.stderr).toMatch(/^::stop-commands::([0-9a-f]{32})\n[^]*\n::\1::\n$/)
  })

  test('an error moves no cursor, whoever it quotes', async () => {
    const ending = `printf 'exit\\033[2J\\007\\n' >&2; exit 1`
    const { stderr } = await kbuild(['-q', '--via', await side(ending), 'context'])
    expect(stderr).toContain('exit[2J')
    // eslint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/)
  })

  test('files for scripts of an earlier build are gone when a build fails, and a place for none is told before it begins', async () => {
    const files = ['--metadata-file', 'meta.json', '--iidfile', 'iid', '--digest-file', 'digest']
    for (const name of ['meta.json', 'iid', 'digest']) await writeFile(join(directory, name), 'old')
    const { code } = await kbuild(['--via', await side('exit 0'), ...files, 'context'])
    expect(code).toBe(4)
    for (const name of ['meta.json', 'iid', 'digest']) {
      await expect(stat(join(directory, name))).rejects.toThrow('ENOENT')
    }
    const began = await side(`touch ${directory}/began; echo "$mark END 0 ${DIGEST}"`)
    const unwritable = await kbuild(['--via', began, '--iidfile', 'context', 'context'])
    expect(unwritable).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/--iidfile .*context cannot be written: EISDIR/)
    })
    await expect(stat(join(directory, 'began'))).rejects.toThrow('ENOENT')
    const late = await kbuild(['--push', '-t', 'reg.test/a', '--via', began, '--iidfile', 'began/iid', 'context'])
    const told = new RegExp(`: pushed reg.test/a:latest, built ${DIGEST}; but .*began/iid cannot be written: E`)
    expect(late).toMatchObject({ code: 3, stderr: expect.stringMatching(told) })
    await symlink('linked', join(directory, 'link'))
    await kbuild(['--via', began, '--iidfile', 'link', 'context'])
    expect(await readFile(join(directory, 'linked'), 'utf8')).toBe(DIGEST)
  })

  test('a secret may come from a pipe, and endless ones are refused', async () => {
    const pipe = join(directory, 'pipe')
    spawnSync('mkfifo', [pipe])
    const words = ['--secret', 'id=a,src=pipe', '--print', '--via', 'ssh x', 'context']
    const printing = kbuild(words)
    await writeFile(pipe, 'canary')
    expect((await printing).stdout).toContain('# secret a:')
    const endless = await kbuild(['--secret', 'id=a,src=/dev/zero', '--print', '--via', 'ssh x', 'context'])
    expect(endless).toMatchObject({ code: 2, stderr: expect.stringContaining('longer than 512000 bytes') })
  })

  test('--json: events alone, one in each line', async () => {
    const { stdout, stderr } = await kbuild([
      '--json',
      '-t',
      'reg.test/a:1',
      '--push',
      '--via',
      await side(good),
      'context'
    ])
    const events = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { event: string; digest?: string })
    expect(events.map(({ event }) => event)).toEqual(['phase', 'phase', 'line', 'done'])
    expect(events.at(-1)).toMatchObject({ digest: DIGEST, pushed: ['reg.test/a:1'], backend: 'via' })
    expect(stderr).toBe('')
  })

  test.each([
    ['the Dockerfile’s fault', `echo 'error building image: x'; echo "$mark END 1 "`, 1],
    [
      'a registry that refuses',
      `echo 'error pushing image: failed to push to destination reg.test/a:1: DENIED: no'; echo "$mark END 1 "`,
      3
    ],
    ['a connection that ends', 'exit 0', 4],
    ['too long', 'cat > /dev/null', 5]
  ])('%s has its exit code', async (_name, ending, exitCode) => {
    const limit = exitCode === 5 ? ['--timeout', '900ms'] : []
    const words = ['-t', 'reg.test/a:1', '--push', ...limit, '--iidfile', 'iid', '--via', await side(ending), 'context']
    const { code, stdout, stderr } = await kbuild(words)
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(stderr).toMatch(/kbuild: /)
    await expect(stat(join(directory, 'iid'))).rejects.toThrow('ENOENT')
  })

  test('words that are wrong: exit code 2, all at once', async () => {
    const { code, stdout, stderr } = await kbuild([
      '--load',
      '--bogus',
      '--secret',
      'id=a,src=absent',
      '--platform',
      'x'
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.match(/^kbuild: /gm)).toHaveLength(4)
    const secret = await kbuild(['--secret', 'id=a,src=absent', 'context'])
    expect(secret).toMatchObject({ code: 2, stderr: expect.stringContaining('absent cannot be read: ENOENT') })
  })

  test('--print: what would run and whose credentials, and none of them', async () => {
    const auth = Buffer.from('user:canary').toString('base64')
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'reg.test': { auth } } }), TOKEN: 'canary' }
    const words = ['--print', '-t', 'reg.test/a:1', '--push', '--secret', 'id=TOKEN', '--via', "ssh 'a b'", 'context']
    const { code, stdout } = await kbuild(words, { env })
    expect(code).toBe(0)
    expect(stdout).toContain("ssh \\\n  'a b' \\\n  sh\n")
    expect(stdout).toContain('--destination=reg.test/a:1')
    expect(stdout).toContain('# reg.test/a:1: from DOCKER_AUTH_CONFIG')
    expect(stdout).not.toMatch(new RegExp(`canary|${auth}`))
  })
})

test('-f -: the Dockerfile from standard input, beside the directory', async () => {
  const words = ['--print', '-f', '-', '--via', 'ssh host', '-t', 'reg.test/a:1', '--push', 'context']
  const auth = Buffer.from('user:canary').toString('base64')
  const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'other.test': { auth } } }) }
  const { code, stdout } = await kbuild(words, { input: 'FROM other.test/base:2\n', env })
  expect({ code, named: stdout.includes('# other.test/base:2: from DOCKER_AUTH_CONFIG') }).toEqual({
    code: 0,
    named: true
  })
  expect(await kbuild(words)).toMatchObject({ code: 1, stderr: expect.stringContaining('no Dockerfile has come') })
})

test('--print of a Docker daemon: the containers, and no password', async () => {
  const engine = createServer((_request, response) => response.end('{"Os":"linux","Arch":"amd64"}'))
  const socket = join(directory, 'docker.sock')
  await new Promise<void>(resolve => engine.listen(socket, resolve))
  const auth = Buffer.from('user:canary').toString('base64')
  const env = {
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'reg.test': { auth } } })
  }
  const words = ['--print', '--backend', 'docker', '-t', 'reg.test/a:1', '--push', 'context']
  const { code, stdout, stderr } = await kbuild(words, { env })
  engine.close()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/"Cmd": \[[^\]]*"--destination=reg\.test\/a:1"[^]*"VolumesFrom"/)
  expect(stdout).toContain('# reg.test/a:1: from DOCKER_AUTH_CONFIG')
  expect(stdout).not.toMatch(new RegExp(`canary|${auth}`))
})

describe('push', () => {
  test('an archive from standard input: the digest alone on standard output', async () => {
    const registry = await startImageRegistry()
    const config = '{"rootfs":{"diff_ids":[]}}'
    await writeFile(join(directory, 'config.json'), config)
    await writeFile(join(directory, 'manifest.json'), '[{"Config":"config.json","Layers":[]}]')
    const input = spawnSync('tar', ['-c', 'config.json', 'manifest.json'], { cwd: directory }).stdout
    const names = ['-t', `${registry.host}/a:1`, '--insecure-registry', registry.host]
    const pushed = await kbuild(['push', '-q', '-', ...names, '--digest-file', 'digest'], { input })
    const { content = Buffer.alloc(0) } = registry.manifests.get('a:1') ?? {}
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    expect(pushed).toEqual({ code: 0, stdout: `${digest}\n`, stderr: '' })
    expect(await readFile(join(directory, 'digest'), 'utf8')).toBe(digest)
    expect(await kbuild(['push', '-', ...names], { input: 'x'.repeat(2000) })).toMatchObject({ code: 1, stdout: '' })
    await registry.stop()
    await writeFile(join(directory, 'image.tar'), input)
    expect(await kbuild(['push', 'image.tar', ...names, '--push-retry', '0'])).toMatchObject({ code: 4, stdout: '' })
  })

  test('words that are wrong, and an image without a daemon', async () => {
    expect((await kbuild(['push'])).code).toBe(2)
    expect(await kbuild(['push', 'context/Dockerfile'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs a name: -t/)
    })
    expect(await kbuild(['push', 'reg.test/a', '-t', 'b'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is no file/)
    })
    const env = { DOCKER_HOST: 'bogus' }
    expect(await kbuild(['push', 'reg.test/a'], { env })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/DOCKER_HOST is no address/)
    })
  })
})

test('login and logout: a file for its owner alone, never a password in words', async () => {
  const file = join(directory, '.config/kbuild/auth.json')
  const words = ['login', 'reg.test', '-u', 'user', '--password-stdin']
  expect((await kbuild(words, { input: 'canary\n' })).code).toBe(0)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toContain(Buffer.from('user:canary').toString('base64'))
  expect(await kbuild(['login', 'reg.test', '-u', 'user', '-p', 'canary'])).toMatchObject({ code: 2 })
  expect(await kbuild(words)).toMatchObject({ code: 3, stderr: expect.stringContaining('the password is empty') })
  expect(await kbuild(['logout', 'reg.test'])).toMatchObject({ code: 0, stderr: 'reg.test: forgotten.\n' })
  expect(await readFile(file, 'utf8')).not.toContain('reg.test')
})

test('who waits for a password or a secret can be interrupted', async () => {
  const pipe = join(directory, 'pipe')
  spawnSync('mkfifo', [pipe])
  const silent = (): Readable => new Readable({ read: () => undefined })
  for (const words of [
    ['login', 'reg.test', '-u', 'user', '--password-stdin'],
    ['--secret', 'id=a,src=pipe', '--via', 'ssh x', 'context']
  ]) {
    const stop = new AbortController()
    const running = kbuild(words, { input: silent(), signal: stop.signal })
    setImmediate(() => stop.abort('SIGTERM'))
    expect(await running).toMatchObject({ code: 143, stdout: '' })
  }
  const stopped = AbortSignal.abort('SIGINT')
  expect(await kbuild(['context', '--list', 'context'], { signal: stopped })).toMatchObject({ code: 130, stdout: '' })
  // The open of the pipe waits in a thread until there is a writer.
  await writeFile(pipe, '')
})

test('context --list: what is sent, with sizes', async () => {
  await writeFile(join(directory, 'context/.dockerignore'), 'left\n')
  await writeFile(join(directory, 'context/left'), 'x')
  const { code, stdout } = await kbuild(['context', '--list', 'context'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '5\t.dockerignore\n30\tDockerfile\n' })
})

test('context --list: the Dockerfile may lie elsewhere, as for a build, and its own .dockerignore counts', async () => {
  await writeFile(join(directory, 'Other'), 'FROM scratch\n')
  await writeFile(join(directory, 'Other.dockerignore'), 'left\n')
  await writeFile(join(directory, 'context/left'), 'x')
  expect(await kbuild(['context', '--list', '-f', 'Other', 'context'])).toMatchObject({
    code: 0,
    stdout: '30\tDockerfile\n'
  })
  expect(await kbuild(['context', '--list', '-f', '', 'context'])).toMatchObject({ code: 0 })
})

test('context --list: names of files make no lines and move no cursor', async () => {
  await symlink('a\n9\tb', join(directory, 'context/l\u001B[2J\u009B'))
  const { stdout } = await kbuild(['context', '--list', 'context'])
  expect(stdout).toBe(String.raw`30	Dockerfile${'\n'}0	l\x1b[2J\x9b -> a\n9\tb${'\n'}`)
})

test('help: of kbuild, and of each command with each of its flags', async () => {
  for (const { name, flags, examples } of COMMANDS) {
    const { code, stdout } = await kbuild([name, '--help'])
    expect(code).toBe(0)
    for (const flag of flags) expect(stdout).toContain(`--${flag.name}`)
    for (const { line } of examples) expect(stdout).toContain(line)
    expect((await kbuild(['--help'])).stdout).toContain(name)
  }
  expect(await kbuild(['--version'])).toEqual({ code: 0, stdout: 'kbuild 1.2.3\n', stderr: '' })
  expect(await kbuild([])).toMatchObject({ code: 2, stdout: '' })
  expect(await kbuild(['run', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining("run is docker's") })
})

describe('completion', () => {
  const complete = (...words: readonly string[]): string[] => {
    const script = `${completionScript('bash') ?? ''}\nCOMP_WORDS=(${words.map(word => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_kbuild\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: directory, encoding: 'utf8' })
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }

  test('bash completes commands, flags, values and files', () => {
    expect(complete('kbuild', 'lo')).toEqual(['login', 'logout'])
    expect(complete('kbuild', 'build', '--build')).toEqual(['--build-arg'])
    expect(complete('kbuild', '--progress', 'p')).toEqual(['plain'])
    expect(complete('kbuild', 'build', '-f', 'context/D')).toEqual(['context/Dockerfile'])
    expect(complete('kbuild', 'build', 'con')).toEqual(['context'])
    expect(complete('kbuild', 'completion', 'f')).toEqual(['fish'])
  })

  test('bash keeps names with blanks and stars whole', async () => {
    for (const name of ['my dir', 'my *']) await mkdir(join(directory, name))
    await writeFile(join(directory, 'my *', 'Docker file'), '')
    expect(complete('kbuild', 'build', 'my').sort()).toEqual(['my *', 'my dir'])
    expect(complete('kbuild', '--iidfile', 'my */D')).toEqual(['my */Docker file'])
  })

  test('zsh and fish get each flag; another shell none', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, stdout } = await kbuild(['completion', shell])
      expect(code).toBe(0)
      for (const { name } of COMMANDS[0]?.flags ?? []) expect(stdout).toMatch(new RegExp(`(?:--|-l )${name}\\b`))
    }
    for (const shell of ['tcsh', 'toString', 'constructor']) {
      expect(await kbuild(['completion', shell])).toMatchObject({ code: 2, stdout: '' })
    }
  })
})
