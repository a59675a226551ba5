import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, describe, expect, test } from '@jest/globals'
import { list } from 'tar'

import type { ImageBuild } from '../../image-build.js'
import { buildOf, DIGEST, type Fixture, LEAVE, LEFT, isRunning, lend, makeExecutor } from '../executor.fixture.js'
import { ViaBackend } from './via.js'

let fixture: Fixture | undefined
afterEach(async () => fixture?.remove())

const GOOD = `echo '{"level":"info","msg":"RUN make","time":"t"}'; echo output; echo ${DIGEST} > "$digest"`

async function run(
  ending: string,
  { prefix = ['env'], build = {}, config, version, signal = new AbortController().signal, wait }: Options = {}
) {
  fixture = await makeExecutor(ending, version)
  const lines: string[] = []
  const phases: string[] = []
  const backend = new ViaBackend(
    {
      prefix: prefix.map(word => word.replaceAll('TOP', fixture?.top ?? '')),
      environment: process.env,
      home: fixture.home
    },
    lend(config)
  )
  await wait?.(fixture)
  const outcome = backend.build(
    buildOf(fixture, build),
    { line: line => lines.push(line), phase: phase => phases.push(phase) },
    signal
  )
  return { outcome, lines, phases, fixture }
}

interface Options {
  readonly prefix?: readonly string[]
  readonly build?: Partial<ImageBuild>
  readonly config?: string
  readonly version?: string
  readonly signal?: AbortSignal
  readonly wait?: (made: Fixture) => Promise<void>
}

/** Ways in which a prefix passes the remote command on. */
const SHELLS = {
  dash: ['env'],
  bash: ['bash', '-c', 'ln -sf "$(command -v bash)" "TOP/sh"; exec "TOP/$1"', 'x'],
  busybox: ['busybox'],
  'words joined and read again, as by ssh': ['sh', '-c', 'exec sh -c "$*"', 'ssh'],
  'one string, as by cf ssh': ['sh', '-c', '[ "$#" = 1 ] && exec bash -c "$1"', 'cf']
}

test.each(Object.entries(SHELLS))('%s: builds, and hands back the digest', async (_name, prefix) => {
  const { outcome, lines, phases, fixture } = await run(GOOD, { prefix })
  expect(await outcome).toMatchObject({ digest: DIGEST, pushed: ['registry.test/app:1'], backend: 'via' })
  expect(lines).toEqual(['Step 1: RUN make', 'output'])
  expect(phases).toEqual(['context', 'build'])
  expect((await fixture.noted('tree')).split('\n')).toEqual([
    ...['.', './Dockerfile', './Dockerfile.dockerignore', './context', './context/Dockerfile', './context/hello', '']
  ])
  expect(await fixture.noted('umask')).toBe('0022\n')
  expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
  expect(existsSync(join(fixture.home, 'context', 'tree'))).toBe(false)
})

describe('what is nobody’s business', () => {
  const config = '{"auths":{"registry.test":{"auth":"dXNlcjpjYW5hcnk="}}}'
  const secrets = [{ id: 'npm', value: Buffer.from('canary\0\n') }]
  test('a secret is hidden however it is written: in JSON of the executor, and in what the command says itself', async () => {
    const hard = [{ id: 'npm', value: Buffer.from('can<"&\\ary\nsecond-canary') }]
    const log = String.raw`printf '%s\n' '{"level":"warning","msg":"got can\u003c\"\u0026\\ary\nsecond-canary and can<\"&\\ary","time":"t"}'`
    const prefix = ['sh', '-c', 'sh; cat TOP/config >&2', 'x']
    const { outcome, lines } = await run(`${log}; ${GOOD}`, { config, prefix, build: { secrets: hard } })
    await outcome
    expect(lines.join('\n')).toMatch(/got \*\*\*[^]*and \*\*\*[^]*"auth":"\*\*\*"/)
    expect(lines.join('\n')).not.toMatch(/ary|dXNl/)
  })

  test('credentials and secrets come by the stream, into files for the user alone, and go', async () => {
    const { outcome, lines, fixture } = await run(GOOD, { config, build: { secrets } })
    await outcome
    expect(await fixture.noted('config')).toBe(config)
    expect(await fixture.noted('secrets')).toBe('canary\0\n')
    expect((await fixture.noted('modes')).match(/^\d+/gm)).toEqual(['600', '600'])
    for (const name of ['arguments', 'environment'])
      expect(await fixture.noted(name)).not.toMatch(/dXNlcjpjYW5hcnk=|canary/)
    expect(lines.join()).not.toMatch(/dXNlcjpjYW5hcnk=|canary/)
  })

  test('after a failure too', async () => {
    const { outcome, fixture } = await run('exit 1', { config })
    await expect(outcome).rejects.toMatchObject({ code: 'DOCKERFILE_FAILED' })
    expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
    expect(await fixture.noted('cleaned')).toBe('cleaned\n')
  })

  test('where there is no rm any more, they are empty at least', async () => {
    const ending = `${GOOD}; rm -rf TOP/bin`
    const tools = [
      'cat',
      'chmod',
      'dd',
      'head',
      'mkdir',
      'mkfifo',
      'mv',
      'rm',
      'sha256sum',
      'tar',
      'tee',
      'tr',
      'uname'
    ]
    const { outcome, fixture } = await run(ending.replaceAll('TOP', '"${0%/kaniko/executor}"'), {
      config,
      prefix: ['sh', '-c', 'PATH=TOP/bin exec /bin/sh'],
      wait: async ({ top }) => {
        await mkdir(join(top, 'bin'))
        for (const tool of [...tools, 'env', 'stat', 'find', 'sort']) {
          await writeFile(join(top, 'bin', tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`)
          await chmod(join(top, 'bin', tool), 0o755)
        }
      }
    })
    expect((await outcome).digest).toBe(DIGEST)
    expect(existsSync(join(fixture.top, 'bin'))).toBe(false)
    expect(await readFile(join(fixture.home, '.kbuild/docker/config.json'), 'utf8')).toBe('')
  })
})

test('arguments arrive as they are: quotes, line ends, words of shells', async () => {
  const value = `a 'b' "c" $(d) \`e\` \\ *\n\nlast\n`
  const { outcome, fixture } = await run(GOOD, { build: { buildArgs: { ODD: value }, labels: { empty: '' } } })
  await outcome
  const args = (await fixture.noted('arguments')).split('\n--\n')
  expect(args).toContain(`--build-arg=ODD=${value}`)
  expect(args).toContain('--label=empty=')
  expect(args).toContain('--cleanup')
  expect(args).toContain('--destination=registry.test/app:1')
})

describe('what is no success', () => {
  test('an executor that fails: its exit code, and what it said', async () => {
    const said = `echo '{"level":"info","msg":"RUN false","time":"t"}'; echo 'oh no'; echo ${DIGEST} > "$digest"
      echo 'error building image: error building stage: failed to execute command: waiting for process to exit: exit status 7'; exit 1`
    const { outcome } = await run(said)
    await expect(outcome).rejects.toMatchObject({
      code: 'DOCKERFILE_FAILED',
      exitCode: 1,
      message: expect.stringMatching(/RUN false: it ended with exit code 7[^]*oh no/)
    })
  })

  test('an executor that is killed', async () => {
    const { outcome } = await run(`echo ${DIGEST} > "$digest"; kill -KILL $$`)
    await expect(outcome).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('signal 9') })
  })

  test('an executor that leaves no digest', async () => {
    const { outcome } = await run('exit 0')
    await expect(outcome).rejects.toMatchObject({ code: 'POD_FAILED' })
  })

  test('a context that is not there as it was sent, before anything runs', async () => {
    const change = `process.stdin.on('data', d => process.stdout.write(d.toString('latin1').replace('hello\\n', 'hullo\\n'), 'latin1'))`
    const { outcome, fixture } = await run(GOOD, { prefix: ['sh', '-c', `node -e "${change}" | sh`, 'x'] })
    await expect(outcome).rejects.toMatchObject({
      code: 'CONTEXT_FAILED',
      message: expect.stringContaining('did not arrive as it was sent')
    })
    await expect(fixture.noted('arguments')).rejects.toThrow('ENOENT')
  })

  test('a connection that breaks when all was done but said', async () => {
    const prefix = [
      'sh',
      '-c',
      'sh | while IFS= read -r line; do case $line in *" END "*) exit 0;; esac; echo "$line"; done'
    ]
    const { outcome } = await run(GOOD, { prefix })
    await expect(outcome).rejects.toMatchObject({
      code: 'POD_FAILED',
      fault: 'cluster',
      message: expect.stringMatching(/connection of sh ended before the build did: it ended with exit code 0/)
    })
  })

  test('an end that a RUN line made up', async () => {
    const { outcome } = await run(`echo "0123456789abcdef END 0 ${DIGEST}"; exit 3`)
    await expect(outcome).rejects.toMatchObject({ code: 'DOCKERFILE_FAILED' })
  })

  test('a command that is not there, one that refuses', async () => {
    const { outcome } = await run(GOOD, { prefix: ['/nonexistent/ssh', '-i', 'canary'] })
    await expect(outcome).rejects.toMatchObject({
      fault: 'configuration',
      message: expect.not.stringContaining('canary')
    })
    const refused = await run(GOOD, { prefix: ['sh', '-c', 'echo "Permission denied (publickey)." >&2; exit 255'] })
    await expect(refused.outcome).rejects.toMatchObject({
      message: expect.stringMatching(/exit code 255\. Its last words: Permission denied/)
    })
  })

  test('another build in the same container', async () => {
    const wait = async ({ home }: Fixture): Promise<void> => {
      await mkdir(join(home, '.kbuild'))
      await writeFile(join(home, '.kbuild', 'pid'), `${process.pid}\n`)
    }
    const { outcome, fixture } = await run(GOOD, { wait })
    await expect(outcome).rejects.toMatchObject({ message: expect.stringContaining('another build runs there') })
    expect(existsSync(join(fixture.home, '.kbuild', 'pid'))).toBe(true)
  })
})

test('what a killed build left is taken over', async () => {
  const wait = async ({ home }: Fixture): Promise<void> => {
    await mkdir(join(home, '.kbuild', 'docker'), { recursive: true })
    await writeFile(join(home, '.kbuild', 'pid'), '4194303\n')
  }
  const { outcome } = await run(GOOD, { wait })
  expect((await outcome).digest).toBe(DIGEST)
})

test('what a RUN prints of its secret, and what a registry quotes, is hidden', async () => {
  const config = '{"auths":{"registry.test":{"auth":"dXNlcjpjYW5hcnk="}}}'
  const secrets = [{ id: 'npm', value: Buffer.from('hush-hush') }]
  const said = `echo "printed hush-hush"; echo 'error building image: dXNlcjpjYW5hcnk= is wrong'; exit 1`
  const { outcome, lines } = await run(said, { config, build: { secrets } })
  await expect(outcome).rejects.toMatchObject({ message: expect.not.stringMatching(/hush-hush|dXNlcj/) })
  expect(lines.join('\n')).toContain('printed ***')
  expect(lines.join('\n')).not.toMatch(/hush-hush|dXNlcj/)
})

test('what the executor leaves beside itself goes, and nothing that was there', async () => {
  const leave = `mkdir -p "\${0%executor}/one/two" && touch "\${0%executor}/123" "\${0%executor}/a b"`
  const wait = async ({ home }: Fixture): Promise<void> => writeFile(join(home, '.own file'), '')
  const { outcome, fixture } = await run(`${leave}; ${GOOD}`, { wait })
  await outcome
  expect((await readdir(fixture.home)).sort()).toEqual(['.own file', 'executor'])
})

test('what a killed build left beside the executor goes too', async () => {
  const wait = async ({ home }: Fixture): Promise<void> => {
    await mkdir(join(home, '.kbuild'))
    await writeFile(join(home, '.kbuild', 'pid'), '4194303\n')
    await writeFile(join(home, '.kbuild', 'had'), '/executor/own/\n')
    await writeFile(join(home, 'own'), '')
    await mkdir(join(home, 'stage'))
  }
  const { outcome, fixture } = await run(GOOD, { wait })
  expect((await outcome).digest).toBe(DIGEST)
  expect((await readdir(fixture.home)).sort()).toEqual(['executor', 'own'])
})

test('an abort ends the executor and what it started in groups of their own, and leaves nothing', async () => {
  const abort = new AbortController()
  const started = `setsid sh -c 'echo $$ > "$1/run"; exec sleep 100' x "\${0%/kaniko/executor}" & echo $$ > "\${0%/kaniko/executor}/pid"; sleep 100`
  const { outcome, fixture } = await run(started, { signal: abort.signal })
  const pid = async (name: string): Promise<number> => {
    for (;;) {
      const text = await fixture.noted(name).catch(() => '')
      if (text.endsWith('\n')) return Number(text)
      await sleep(20)
    }
  }
  const pids = [await pid('pid'), await pid('run')]
  const failed = expect(outcome).rejects.toMatchObject({ code: 'ABORTED' })
  abort.abort()
  await failed
  for (const id of pids) expect(await isRunning(id)).toBe(false)
  expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
})

test('a build that takes too long', async () => {
  const { outcome } = await run('sleep 100', { build: { timeoutMs: 700 } })
  await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT' })
})

test('what this executor cannot do is refused before the context is sent', async () => {
  const build = { secrets: [{ id: 'a', value: Buffer.from('b') }], annotations: { a: 'b' } }
  const { outcome, fixture } = await run(GOOD, { version: 'Kaniko version :  v1.24.0', build })
  await expect(outcome).rejects.toMatchObject({
    code: 'DOCKERFILE_UNSUPPORTED',
    message: expect.stringMatching(/build secrets[^]*annotations/)
  })
  expect(existsSync(join(fixture.top, 'arguments'))).toBe(false)
})

test('archives of the image come to the caller, and the image’s id is told', async () => {
  const at = await mkdtemp(join(tmpdir(), 'archives-'))
  const files = (['docker', 'oci'] as const).map(kind => ({ kind, path: join(at, `${kind}.tar`) }))
  const { outcome } = await run(LEAVE, { build: { files } })
  const { digest, imageId, size } = LEFT
  expect(await outcome).toMatchObject({ digest, imageId, size })
  expect((await readFile(join(at, 'docker.tar'))).equals(LEFT.tar)).toBe(true)
  const names: string[] = []
  list({ file: join(at, 'oci.tar'), sync: true, onReadEntry: ({ path }) => names.push(path.replace(/^\.\//, '')) })
  expect(names).toEqual(expect.arrayContaining(['index.json', 'oci-layout', `blobs/${digest.replace(':', '/')}`]))
  expect((await readdir(at)).sort()).toEqual(['docker.tar', 'oci.tar'])
  await rm(at, { recursive: true })
})
