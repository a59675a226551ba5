import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readRequest, type BrokerRequest, type WrittenAnswer } from '@kaniko-hooks/broker'
import { startFakeRegistry } from '@kaniko-hooks/testing'

import type { ImageBuild } from '../../image-build.js'
import { BrokerBackend } from './broker.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const BUILT: WrittenAnswer = {
  version: 1,
  outcome: 'built',
  digest: DIGEST,
  pushed: ['r.io/a:1'],
  durationsMs: { build: 5 }
}

let temp: string
let mailbox: string
const told: string[] = []
const listener = { line: (line: string) => told.push(line), phase: (phase: string) => told.push(`- ${phase}`) }
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'broker-client-'))
  mailbox = join(temp, '_kbuild')
  mkdirSync(mailbox)
  announce([1])
  told.length = 0
})
afterEach(() => rmSync(temp, { recursive: true }))

function announce(versions: readonly number[], capabilities: readonly string[] = []): void {
  writeFileSync(join(mailbox, 'broker.json'), JSON.stringify({ versions, capabilities }))
}

function build(more: Partial<ImageBuild> = {}): ImageBuild {
  return {
    context: { kind: 'directory', path: temp },
    tags: ['r.io/a:1'],
    push: false,
    ...{ buildArgs: {}, labels: {}, annotations: {}, secrets: [], files: [], engineArgs: [] },
    ...{ registryMirrors: [], insecureRegistries: [], pushRetries: 3, timeoutMs: 60_000 },
    ...more
  }
}

const backend = (env: Readonly<Record<string, string>> = {}): BrokerBackend =>
  new BrokerBackend({ env: { KBUILD_BROKER: mailbox, HOME: temp, ...env } })

/** The hook's part: takes the first request, and answers it. */
async function hook(
  answer: (request: BrokerRequest, id: string) => WrittenAnswer | undefined
): Promise<{ mode: number }> {
  for (;;) {
    const name = readdirSync(mailbox).find(file => file.endsWith('.req.json'))
    if (name === undefined) {
      await sleep(10)
      continue
    }
    const path = join(mailbox, name)
    const mode = statSync(path).mode & 0o777
    const { request } = readRequest(readFileSync(path, 'utf8'))
    rmSync(path)
    if (request === undefined) throw new Error('that was no request')
    const id = name.replace('.req.json', '')
    const said = answer(request, id)
    if (said !== undefined) reply(id, said)
    return { mode }
  }
}

function reply(id: string, answer: WrittenAnswer): void {
  writeFileSync(join(mailbox, `${id}.res.tmp`), JSON.stringify(answer))
  renameSync(join(mailbox, `${id}.res.tmp`), join(mailbox, `${id}.res.json`))
}

describe('the broker', () => {
  test('is there when the hook has said where and what it speaks', async () => {
    expect(await backend().missing()).toBeUndefined()
    expect(await backend({ KBUILD_BROKER: '' }).missing()).toBe('the variable KBUILD_BROKER is not set')
    announce([2, 3])
    expect(await backend().missing()).toBe('the hook speaks version 2, 3 of the protocol, and this program version 1')
    rmSync(join(mailbox, 'broker.json'))
    expect(await backend().missing()).toBe(`there is no mailbox of a hook at ${mailbox} (KBUILD_BROKER)`)
  })

  test('builds what it is asked for, tells the log as it comes, and takes its files away', async () => {
    const serving = hook((_request, id) => {
      const log = join(mailbox, `${id}.log`)
      appendFileSync(log, '{"phase":"build"}\n{"line":"Step 1/1 – ü"}\n{"li')
      setTimeout(() => {
        appendFileSync(log, 'ne":"done"}\n')
        reply(id, BUILT)
      }, 400)
      return undefined
    })
    const outcome = await backend().build(build(), listener, new AbortController().signal)
    await serving
    expect(outcome).toMatchObject({
      digest: DIGEST,
      pushed: ['r.io/a:1'],
      backend: 'broker',
      durationsMs: { build: 5 }
    })
    expect(told).toEqual(['- build', 'Step 1/1 – ü', 'done'])
    expect(readdirSync(mailbox)).toEqual(['broker.json'])
  })

  test('gets the credentials of the registries that are pushed to alone, in a file of its user alone', async () => {
    const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') })
    const config = { auths: { 'r.io': auth('me:pass'), 'other.io': auth('you:word') } }
    let asked: BrokerRequest | undefined
    const serving = hook(request => {
      asked = request
      return BUILT
    })
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify(config) }
    await backend(env).build(build({ push: true }), listener, new AbortController().signal)
    expect((await serving).mode).toBe(0o600)
    expect(asked?.credentials).toEqual([{ registry: 'r.io', username: 'me', password: 'pass' }])
  })

  test('says what of a wish it leaves out', async () => {
    const repository = join(temp, 'app.git')
    const git = (...args: readonly string[]): void => {
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: repository, stdio: 'ignore' })
    }
    mkdirSync(repository)
    git('init')
    for (const name of ['Dockerfile', '.gitmodules']) writeFileSync(join(repository, name), '')
    git('add', '.')
    git('commit', '-m', 'x')
    const server = createServer(socket => {
      const daemon = spawn('git', ['daemon', '--inetd', '--export-all', `--base-path=${temp}`])
      socket.pipe(daemon.stdin).on('error', () => undefined)
      daemon.stdout.pipe(socket).on('error', () => undefined)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `git://127.0.0.1:${(server.address() as AddressInfo).port}/app.git`
    const serving = hook(() => BUILT)
    const wanted = build({ context: { kind: 'git', url }, cache: { repository: 'r.io/cache', ttlMs: 1 } })
    await backend({ PATH: process.env['PATH'] ?? '' }).build(wanted, listener, new AbortController().signal)
    await serving
    server.close()
    expect(told).toEqual([
      'Warning: The submodules of the repository are not fetched.',
      'Note: the hook keeps layers where its administrator says, and not in r.io/cache.'
    ])
  })

  test('gets those of base images that not everybody gets, from a hook that takes them', async () => {
    const registry = await startFakeRegistry((_request, response) => void response.writeHead(401).end())
    const [host, auth] = [registry.host, Buffer.from('me:pass').toString('base64')]
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth }, 'other.io': { auth } } }) }
    writeFileSync(join(temp, 'Dockerfile'), `ARG TAG\nFROM ${host}/team/base:$TAG\n`)
    const lent = async (): Promise<BrokerRequest | undefined> => {
      let asked: BrokerRequest | undefined
      const serving = hook(request => {
        asked = request
        return BUILT
      })
      await backend(env).build(build({ buildArgs: { TAG: '1' } }), listener, new AbortController().signal)
      await serving
      return asked
    }
    try {
      expect((await lent())?.baseCredentials).toEqual([])
      announce([1], ['base-credentials'])
      expect(await lent()).toMatchObject({
        credentials: [],
        baseCredentials: [{ registry: host, username: 'me', password: 'pass' }]
      })
    } finally {
      await registry.stop()
    }
  })

  test('does not wait for another answer than one that cannot be understood', async () => {
    const serving = hook((_request, id) => {
      reply(id, { version: 2 } as unknown as WrittenAnswer)
      return undefined
    })
    await expect(backend().build(build(), listener, new AbortController().signal)).rejects.toThrow(
      'the hook of the runner gave an answer that this program does not understand'
    )
    await serving
  })

  test('that nobody can write to is said to be so, and no request is left there', async () => {
    rmSync(mailbox, { recursive: true })
    await expect(backend().build(build(), listener, new AbortController().signal)).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringMatching(/^the request cannot be put into the mailbox .*ENOENT/)
    })
    mkdirSync(mailbox)
  })

  test('whose disk is full is said to be so, and no part of a request stays there', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', mailbox])
    try {
      announce([1])
      const labels = { much: 'x'.repeat(32 * 1024) }
      await expect(backend().build(build({ labels }), listener, new AbortController().signal)).rejects.toMatchObject({
        code: 'POD_FAILED',
        message: expect.stringMatching(/^the request cannot be put into the mailbox .*ENOSPC/)
      })
      expect(readdirSync(mailbox)).toEqual(['broker.json'])
    } finally {
      execFileSync('umount', [mailbox])
    }
  })

  test('is not asked by a build that was aborted before', async () => {
    const building = backend().build(build(), listener, AbortSignal.abort())
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' })
    expect(readdirSync(mailbox)).toEqual(['broker.json'])
  })

  test('gets an archive as a directory beside the mailbox, which goes with the build', async () => {
    const content = new PassThrough()
    content.end('FROM scratch\n')
    let seen: string | undefined
    const serving = hook(request => {
      seen = readFileSync(join(request.context, 'Dockerfile'), 'utf8')
      return BUILT
    })
    const found: (readonly string[])[] = []
    const started = (id: string): void => void found.push([id, ...readdirSync(temp)])
    const wanted = build({ context: { kind: 'archive', content } })
    await backend().build(wanted, { ...listener, started }, new AbortController().signal)
    await serving
    // Told before there is anything to remove.
    expect(found).toEqual([[expect.stringMatching(/^[0-9a-f-]{36}$/), '_kbuild']])
    expect(seen).toBe('FROM scratch\n')
    expect(readdirSync(temp)).toEqual(['_kbuild'])
  })

  test('says why it would not, whose fault that is, and what was pushed all the same', async () => {
    const serving = hook(() => ({
      ...{ version: 1, outcome: 'failed', fault: 'configuration', code: 'PUSH_FAILED' },
      problems: ['one', 'two'],
      pushed: ['r.io/a:1'],
      at: { file: 'Dockerfile', line: 2, instruction: 'RUN make' }
    }))
    await expect(backend().build(build(), listener, new AbortController().signal)).rejects.toMatchObject({
      code: 'PUSH_FAILED',
      fault: 'configuration',
      message: 'one; two',
      at: { file: 'Dockerfile', line: 2, instruction: 'RUN make' },
      cause: { pushed: ['r.io/a:1'] }
    })
    await serving
  })

  test('is not asked for what only the administrator decides', async () => {
    const wanted = build({ engineArgs: ['--x'], insecureRegistries: ['r.io'] })
    await expect(backend().build(wanted, listener, new AbortController().signal)).rejects.toThrow(
      'the hook of the runner does not take arguments of the engine; nor registries without TLS'
    )
    expect(readdirSync(mailbox)).toEqual(['broker.json'])
  })

  test('builds nothing for a caller who was killed before the hook took the request', async () => {
    const [id, other] = [randomUUID(), randomUUID()]
    for (const name of [`${id}.req.json`, `${id}.req.tmp`, `${id}.log`, `${other}.req.json`]) {
      writeFileSync(join(mailbox, name), 'canary')
    }
    mkdirSync(join(temp, `kbuild-context-${id}`))
    await backend().cancel(id)
    expect(readdirSync(mailbox).sort()).toEqual([`${id}.cancel`, `${other}.req.json`, 'broker.json'].sort())
    expect(readdirSync(temp)).toEqual(['_kbuild'])
    for (const wrong of ['', '../broker', `${id}/../x`]) {
      await expect(backend().cancel(wrong)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    }
    await backend({ KBUILD_BROKER: '' }).cancel(id)
  })

  test('hears of an abort, and the build ends when it has confirmed that', async () => {
    const abort = new AbortController()
    const serving = hook((_request, id) => {
      abort.abort()
      const wait = setInterval(() => {
        if (!readdirSync(mailbox).includes(`${id}.cancel`)) return
        clearInterval(wait)
        reply(id, {
          version: 1,
          outcome: 'failed',
          fault: 'user',
          code: 'CANCELLED',
          problems: ['The build was cancelled.']
        })
      }, 10)
      return undefined
    })
    await expect(backend().build(build(), listener, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    await serving
  })
})
