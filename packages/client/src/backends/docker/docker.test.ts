import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { selfSigned } from '@kaniko-hooks/testing'
import type { ImageBuild } from '../../image-build.js'
import { imageBuild } from '../kubernetes/build.fixture.js'
import { AddressError, daemonAddress } from './address.js'
import { DockerBackend } from './docker.js'
import { type EngineScript, type FakeEngine, startFakeEngine } from './engine.fixture.js'
import { unframed } from './frames.js'
import { pushByDaemon } from './push.js'

const IMAGE_ID = `sha256:${'c'.repeat(64)}`
const MANIFEST = Buffer.from(JSON.stringify({ config: { digest: IMAGE_ID }, layers: [{ size: 3 }, { size: 4 }] }))
const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`
const AUTH = Buffer.from('user:canary').toString('base64')

let home: string
let engine: FakeEngine | undefined
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'docker-'))
  await writeFile(join(home, 'Dockerfile'), 'FROM scratch\nCOPY hello /\n')
  await writeFile(join(home, 'hello'), 'hello\n')
})
afterEach(async () => {
  await engine?.stop()
  engine = undefined
  await rm(home, { recursive: true })
})

/** What a good build leaves, and a good push says. */
const left: NonNullable<EngineScript['left']> = path => {
  if (path.endsWith('/digest')) return Buffer.from(DIGEST)
  if (path.endsWith('/pushed')) return Buffer.from(`reg.test/app@${DIGEST}\n`)
  return path.endsWith(DIGEST.slice(7)) ? MANIFEST : path.endsWith('image.tar') ? Buffer.from('an image') : undefined
}

async function start(script: EngineScript, more: Readonly<Record<string, string>> = {}) {
  engine = await startFakeEngine({ left, ...script })
  const auths = { auths: { 'reg.test': { auth: AUTH } } }
  const env = { HOME: home, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_AUTH_CONFIG: JSON.stringify(auths), ...more }
  return { env, backend: new DockerBackend({ env }) }
}

async function build(script: EngineScript, over: Partial<ImageBuild>, signal = new AbortController().signal) {
  const { backend } = await start(script)
  const lines: string[] = []
  const request = imageBuild({ context: { kind: 'directory', path: home }, ...over })
  const outcome = await backend
    .build(request, { line: line => lines.push(line), phase: () => undefined }, signal)
    .catch((error: unknown) => error)
  return { outcome, lines, containers: engine?.containers ?? [] }
}

test('one container builds without the push’s password, another pushes; none of them has it in its specification', async () => {
  const secrets = [{ id: 'npm', value: Buffer.from('hush-hush') }]
  const tags = ['reg.test/app:1', 'reg.test/app:2']
  const { outcome, containers } = await build({}, { tags, push: true, secrets })
  expect(outcome).toMatchObject({ digest: DIGEST, imageId: IMAGE_ID, size: 7, pushed: tags, backend: 'docker' })
  const [builder, pusher, ...others] = containers
  expect(others).toEqual([])
  expect(JSON.stringify(containers.map(({ spec }) => spec))).not.toMatch(new RegExp(`${AUTH}|canary|hush`))
  expect([...(builder?.files.values() ?? [])].map(({ content }) => content).join()).not.toContain(AUTH)
  expect(builder?.files.get('/kaniko/.kbuild/secrets/0')).toEqual({ mode: 0o600, content: 'hush-hush' })
  expect(builder?.files.get('/kaniko/context/tree/context/hello')?.content).toBe('hello\n')
  expect(builder?.spec).toMatchObject({ HostConfig: { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] } })
  expect(builder?.spec.Cmd).toContain('--no-push')
  expect(pusher?.files.get('/kaniko/.kbuild/docker/config.json')).toMatchObject({ mode: 0o600 })
  expect(pusher?.files.get('/kaniko/.kbuild/docker/config.json')?.content).toContain(AUTH)
  expect(pusher?.spec).toMatchObject({ HostConfig: { CapAdd: [], VolumesFrom: [`${builder?.name ?? ''}:ro`] } })
  expect(pusher?.spec.Env).toContain('PUSH_TAGS=2')
  expect(containers.map(({ isRemoved }) => isRemoved)).toEqual([true, true])
})

test('an image with a name that is not pushed is loaded into the daemon', async () => {
  const { outcome, lines } = await build({}, { tags: ['docker.io/library/app:1'] })
  expect(outcome).toMatchObject({ digest: DIGEST, pushed: [] })
  expect(lines.at(-1)).toBe('The Docker daemon has the image as docker.io/library/app:1')
  expect(engine?.asked).toContain('POST /images/load')
})

describe('no success is told', () => {
  const failing = (exitCode: number) => () => ({ lines: ['error building image: x'], exitCode })

  test.each<[string, EngineScript, Partial<ImageBuild>, object]>([
    ['of a failing executor', { run: failing(1) }, {}, { code: 'DOCKERFILE_FAILED' }],
    ['of one that was killed', { run: failing(137) }, {}, { code: 'POD_FAILED', exitCode: 137 }],
    ['without a digest', { left: () => undefined }, {}, { code: 'POD_FAILED' }],
    [
      'of another image that was pushed',
      { left: (path, c) => (path.endsWith('/pushed') ? Buffer.from(`a@sha256:${'0'.repeat(64)}`) : left(path, c)) },
      { tags: ['reg.test/app:1'], push: true },
      { code: 'PUSH_FAILED', message: expect.stringContaining('another image was pushed') }
    ],
    [
      'of a push that fails; the password in the registry’s words is hidden',
      {
        run: ({ name }) => ({
          lines: name.includes('push') ? [`Error: pushing image x: DENIED: ${AUTH} may not`] : [],
          exitCode: name.includes('push') ? 1 : 0
        })
      },
      { tags: ['reg.test/app:1'], push: true },
      { code: 'PUSH_FAILED', message: expect.stringContaining('DENIED: *** may not') }
    ],
    [
      'for another platform',
      {},
      { platform: 'linux/arm64' },
      { code: 'REQUEST_REFUSED', message: expect.stringContaining('is linux/amd64, and Kaniko does not emulate') }
    ],
    [
      'of a registry that is the container itself',
      {},
      { tags: ['localhost:5000/app:1'], push: true },
      { code: 'REQUEST_REFUSED', message: expect.stringContaining('KBUILD_DOCKER_NETWORK=host') }
    ]
  ])('%s', async (_name, script, over, error) => {
    const { outcome, containers } = await build(script, over)
    expect(outcome).toMatchObject(error)
    expect(containers.every(({ isRemoved }) => isRemoved)).toBe(true)
  })
})

test('an abort removes the container, which ends what runs there', async () => {
  const abort = new AbortController()
  const run: EngineScript['run'] = () => {
    setImmediate(() => abort.abort())
    return undefined
  }
  const { outcome, containers } = await build({ run }, {}, abort.signal)
  expect(outcome).toMatchObject({ code: 'ABORTED' })
  expect(containers.map(({ isRemoved }) => isRemoved)).toEqual([true])
})

test('what is missing is told', async () => {
  expect(await (await start({})).backend.missing()).toBeUndefined()
  await engine?.stop()
  expect(await (await start({ version: { Os: 'windows' } })).backend.missing()).toMatch(/containers of windows/)
  const gone = new DockerBackend({ env: { DOCKER_HOST: `unix://${home}/none.sock` } })
  expect(await gone.missing()).toMatch(/none\.sock cannot be reached: .*ENOENT/)
})

test('a daemon behind ssh is reached by docker’s own way', async () => {
  engine = await startFakeEngine()
  const program = `#!/usr/bin/env node
require('node:fs').writeFileSync('${home}/words', process.argv.slice(2).join(' '))
const socket = require('node:net').connect('${engine.socket}')
process.stdin.pipe(socket).pipe(process.stdout)
`
  await writeFile(join(home, 'ssh'), program)
  await chmod(join(home, 'ssh'), 0o755)
  const env = { PATH: `${home}:${process.env['PATH'] ?? ''}`, DOCKER_HOST: 'ssh://me@build.test:2222' }
  expect(await new DockerBackend({ env }).missing()).toBeUndefined()
})

test('TLS: the daemon is checked by its authority, and shown a certificate', async () => {
  const { key, cert } = selfSigned()
  const shown: boolean[] = []
  const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    shown.push(Object.keys((request.socket as TLSSocket).getPeerCertificate()).length > 0)
    response.end('{"Os":"linux"}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (const [name, text] of Object.entries({ 'ca.pem': cert, 'cert.pem': cert, 'key.pem': key })) {
    await writeFile(join(home, name), text)
  }
  const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home }
  expect(await new DockerBackend({ env }).missing()).toBeUndefined()
  expect(shown).toEqual([true])
  await writeFile(join(home, 'ca.pem'), selfSigned().cert)
  expect(await new DockerBackend({ env }).missing()).toMatch(/cannot be reached: .*certificate/)
  server.close()
})

test('a push by the daemon: its password in the header, its digest from what the daemon says', async () => {
  const { env } = await start({ pushed: [{ status: 'x' }, { aux: { Tag: '1', Digest: DIGEST } }] })
  const signal = new AbortController().signal
  const pushed = await pushByDaemon('reg.test/app:1', { env }, () => undefined, signal)
  expect(pushed).toEqual({ digest: DIGEST, reference: 'reg.test/app:1' })
  const header = String(engine?.headers.at(-1)?.['x-registry-auth'])
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    username: 'user',
    password: 'canary',
    serveraddress: 'reg.test'
  })
  await engine?.stop()
  const refusing = await start({ pushed: [{ status: 'x' }, { error: 'denied:\u001b[2J\nnot yours' }] })
  await expect(pushByDaemon('reg.test/app', refusing, () => undefined, signal)).rejects.toMatchObject({
    code: 'PUSH_FAILED',
    message: expect.stringContaining('denied: [2J not yours')
  })
  await engine?.stop()
  const plain = await start({
    pushed: [{ error: 'Get "https://reg.test/v2/": http: server gave HTTP response to HTTPS client' }]
  })
  await expect(pushByDaemon('reg.test/app', plain, () => undefined, signal)).rejects.toThrow(
    /without TLS: name it in insecure-registries of the daemon's daemon\.json$/
  )
})

test('frames are put together wherever they were cut', async () => {
  const frames = [Buffer.from([1, 0, 0, 0, 0, 0, 0, 3]), Buffer.from('one'), Buffer.from([2, 0, 0, 0, 0, 0, 0, 4])]
  const whole = Buffer.concat([...frames, Buffer.from('two\n')])
  for (const size of [1, 5, 100]) {
    const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
      whole.subarray(at * size, (at + 1) * size)
    )
    let text = ''
    for await (const chunk of unframed(Readable.from(parts))) text += String(chunk)
    expect(text).toBe('onetwo\n')
  }
})

describe('DOCKER_HOST', () => {
  test.each<[Readonly<Record<string, string>>, object]>([
    [{ DOCKER_HOST: 'unix:///run/d.sock' }, { kind: 'unix', path: '/run/d.sock' }],
    [{ DOCKER_HOST: 'tcp://[::1]:99' }, { kind: 'tcp', host: '::1', port: 99 }],
    [{ DOCKER_HOST: 'tcp://dind' }, { kind: 'tcp', host: 'dind', port: 2375 }],
    [{ DOCKER_HOST: 'ssh://me@host/run/d.sock' }, { kind: 'ssh', destination: 'me@host', socket: '/run/d.sock' }]
  ])('%j', (env, address) => {
    expect(daemonAddress(env)).toEqual(address)
  })

  test.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ DOCKER_HOST: 'npipe:////./pipe/docker' }, /no address of a daemon/],
    [{ DOCKER_HOST: 'ssh://me:canary@host' }, /password in it/],
    [{ DOCKER_HOST: 'ssh://-oProxyCommand=x@host' }, /no host of ssh/],
    [{ DOCKER_HOST: 'tcp://h', DOCKER_TLS: '1' }, /set DOCKER_TLS_VERIFY=1/],
    [{ DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }, /ca\.pem cannot be read: ENOENT/]
  ])('%j is wrong', (env, message) => {
    expect(() => daemonAddress(env)).toThrow(AddressError)
    expect(() => daemonAddress(env)).toThrow(message)
    expect(() => daemonAddress(env)).not.toThrow(/canary/)
  })
})
