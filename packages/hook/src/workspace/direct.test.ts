import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { connect as connectTls, createServer as createTls } from 'node:tls'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, EXEC_CUT, selfSigned } from '@kaniko-hooks/testing'

import { canConnect, connectDirect, newKey } from './direct.js'
import { ProgramsHere } from './helper/played-program.fixture.js'
import { keepCommand, OWN, programBytes } from './helper/program.js'
import type { Direct } from './helper/words.js'
import { converse, Session, type SessionOptions } from './session.js'
import { fetchChanges, sendChanges } from './transfer.js'
import { dataFrame, messageFrame } from './tree/frames.js'
import { Index } from './tree/index.js'
import { look, type Side } from './tree/side.js'

/* A job's pod that is called without the API server: the listener and the program are real, and run on this machine. */

let base: string
let side: Side
let server: ApiServer
let kube: Kube
let programs: ProgramsHere
let closing: (() => unknown)[] = []
const inPod = (path: string): string => (path.startsWith(base) ? path : join(base, 'pod', path))

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'direct-'))
  side = {
    root: join(base, 'runner'),
    index: new Index(),
    clock: join(base, 'clock'),
    leavesOut: () => false,
    isFixed: () => false,
    opens: true,
    opensOthers: false
  }
  mkdirSync(side.root)
  writeFileSync(join(side.root, 'file'), 'from the runner')
  server = await ApiServer.start()
  server.put('pods', {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'kaniko-hooks-work' }, { name: 'receive-work' }] }
  })
  programs = new ProgramsHere((_, path) => inPod(path))
  server.exec = programs.exec
  kube = new Kube(server.config, { retryForMs: 1_000 })
})
afterEach(async () => {
  for (const close of closing) close()
  closing = []
  kube.close()
  programs.end()
  await server.stop()
  rmSync(base, { recursive: true })
})

function options(direct?: Direct, generation = ''): SessionOptions {
  const open = { root: inPod('/work'), own: inPod(OWN), generation, fixed: [], opensOthers: false }
  return { kube, place: { pod: 'p', container: 'kaniko-hooks-work' }, open, direct }
}

const print = (): void => undefined
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/** Sends what there is by an exec, and asks for direct calls. */
async function begin(): Promise<Direct> {
  const key = newKey()
  const { session, result } = await converse('send files to', options(), undefined, async open => {
    const served = open.ask({ serve: { host: '127.0.0.1', key } })
    await sendChanges(open, side, look(side), { pod: 'p', print, owner, name: 'first' })
    return served
  })
  expect(session.isDirect).toBe(false)
  session.close()
  if (!('serves' in result)) throw new Error('the program takes no calls')
  return { ...result.serves, key }
}

async function fetch(direct: Direct, name: string): Promise<boolean> {
  const { session } = await converse('fetch files from', options(direct, 'first'), undefined, async open =>
    fetchChanges(open, side, { pod: 'p', print, owner, name })
  )
  session.close()
  return session.isDirect
}

/**
 * Brings files back by a direct conversation that was open, as a script step does at its end.
 *
 * @param happens to the connection, before it is used again or while files are asked for
 * @returns whether the conversation was direct at first, and at the end
 */
async function fetchByOpen(
  direct: Direct,
  happens: { readonly before?: () => void; readonly inside?: () => void }
): Promise<boolean[]> {
  const settings = { ...options(direct, 'first'), directIdleMs: 500 }
  const first = await Session.open(settings)
  expect(await first.ready).toBe(true)
  happens.before?.()
  const { session: last } = await converse('fetch', settings, first, async open => {
    happens.inside?.()
    return fetchChanges(open, side, { pod: 'p', print, owner, name: 'second' })
  })
  last.close()
  return [first.isDirect, last.isDirect]
}

const execs = (): number => server.asked.filter(line => line === 'GET pods/p/exec').length

/** A network between that can be told what to do with a new connection, and with what comes. */
async function between(
  port: number
): Promise<{ direct: (key: string) => Direct; mode: { now: 'on' | 'cut' | 'reset' | 'silent' | 'deaf' } }> {
  const mode: { now: 'on' | 'cut' | 'reset' | 'silent' | 'deaf' } = { now: 'on' }
  const sockets = new Set<Socket>()
  const listener: Server = createServer(near => {
    const far = connectPlain(port, '127.0.0.1')
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined))
    near.on('data', chunk => {
      if (mode.now === 'cut') [near, far].forEach(socket => socket.destroy())
      if (mode.now === 'reset') [near, far].forEach(socket => socket.resetAndDestroy())
      if (mode.now === 'deaf') far.pause()
      if (mode.now === 'on' || mode.now === 'deaf') far.write(chunk)
    })
    far.on('data', chunk => near.write(chunk))
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  closing.push(
    () => listener.close(),
    () => sockets.forEach(socket => socket.destroy())
  )
  return { mode, direct: key => ({ host: '127.0.0.1', port: (listener.address() as AddressInfo).port, key }) }
}

describe('a pod that is called directly', () => {
  test('gets and gives files without a request to the API server', async () => {
    const direct = await begin()
    expect(await canConnect(direct)).toBe(true)
    expect(readFileSync(inPod('/work/file'), 'utf8')).toBe('from the runner')
    writeFileSync(inPod('/work/back'), Buffer.alloc(3_000_000, 'x'))
    const before = server.asked.length
    expect(await fetch(direct, 'second')).toBe(true)
    expect(readFileSync(join(side.root, 'back')).length).toBe(3_000_000)
    expect(server.asked.length).toBe(before)
  })

  test('hears nobody who has not its key', async () => {
    const direct = await begin()
    const session = await Session.open(options(direct, 'first'))
    expect(await session.ready).toBe(true)
    expect(await canConnect({ ...direct, key: newKey() })).toBe(false)
    const plain = connectPlain(direct.port, direct.host)
    plain.on('error', () => undefined).end('GET / HTTP/1.1\r\n\r\n')
    await once(plain, 'close')
    const stranger = connectTls({ port: direct.port, host: direct.host, rejectUnauthorized: false })
    expect(await once(stranger, 'error')).toMatchObject([{ code: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE' }])
    // The conversation that was open goes on.
    expect(await session.ask({ mail: { entries: [] } })).toHaveProperty('mail')
    session.close()
  })

  test('is left in peace by who only looks whether there is a way', async () => {
    const direct = await begin()
    const session = await Session.open(options(direct, 'first'))
    expect(await session.ready).toBe(true)
    expect(await canConnect(direct)).toBe(true)
    expect(session.isOver).toBe(false)
    session.close()
  })

  test('cannot be occupied by who says nothing', async () => {
    const direct = await begin()
    const silent = Array.from({ length: 8 }, () => connectPlain(direct.port, direct.host).resume())
    await Promise.all(silent.map(async socket => once(socket, 'close')))
    expect(await canConnect(direct)).toBe(true)
  })

  test('hears no call that comes after a later one', async () => {
    const direct = await begin()
    const late = await connectDirect(direct)
    const session = await Session.open(options(undefined, 'first'))
    expect(await session.ready).toBe(true)
    writeFileSync(inPod('/work/file'), 'from the step')
    // What a network has kept back: all of a transfer that the hook has made once more since.
    const { open } = options()
    const words = [
      messageFrame({ open }),
      messageFrame({ take: { ...owner, whole: true, name: 'first' } }),
      messageFrame({ rows: [['file', 'f', 0o644, 1000, 3]] }),
      dataFrame(Buffer.from('old')),
      messageFrame({ sent: { files: 1, bytes: 3, closed: [] } })
    ]
    await late.write(Buffer.concat([programBytes(), ...words]))
    await expect(late.exit).rejects.toMatchObject({ code: 'STREAM_LOST' })
    expect(await session.ask({ mail: { entries: [] } })).toHaveProperty('mail')
    await fetchChanges(session, side, { pod: 'p', print, owner, name: 'second' })
    session.close()
    expect(readFileSync(join(side.root, 'file'), 'utf8')).toBe('from the step')
  })

  test('runs no program that did not come by an exec', async () => {
    const direct = await begin()
    const { stdout, write } = await connectDirect(direct)
    const program = gzipSync(
      `require('fs').writeFileSync(${JSON.stringify(join(base, 'ran'))}, ''); exports.converse = async () => {}`
    )
    const length = Buffer.alloc(4)
    length.writeUInt32BE(program.length)
    await write(Buffer.concat([length, createHash('sha256').update(program).digest(), program]))
    await once(stdout.resume(), 'end')
    expect(existsSync(join(base, 'ran'))).toBe(false)
    expect(await fetch(direct, 'second')).toBe(true)
  })

  test('does not go as one that is left alone while it is called directly', async () => {
    const program = programs.start('p', keepCommand(3))
    const end = once(program, 'exit')
    const place = { pod: 'p', container: 'receive-work' }
    const key = newKey()
    const first = await Session.open({ ...options(), place })
    expect(await first.ready).toBe(false)
    const served = await first.ask({ serve: { host: '127.0.0.1', key } })
    if (!('serves' in served)) throw new Error('the program takes no calls')
    const session = await Session.open(options({ ...served.serves, key }))
    expect(await session.ready).toBe(false)
    await sleep(4_000)
    expect(await session.ask({ here: true })).toEqual({ here: true })
    for (const open of [first, session]) open.close()
    expect(await end).toEqual([1, null])
  })

  test('takes a key once more, and the one before no longer', async () => {
    const before = await begin()
    const now = await begin()
    expect([await canConnect(before), await canConnect(now)]).toEqual([false, true])
  })
})

describe('files go by exec', () => {
  test('where nothing listens any more', async () => {
    const direct = await begin()
    programs.crash('p')
    writeFileSync(inPod('/work/back'), 'back')
    expect(await fetch(direct, 'second')).toBe(false)
    expect(readFileSync(join(side.root, 'back'), 'utf8')).toBe('back')
  })

  test('where something else listens', async () => {
    const direct = await begin()
    const other = createServer(socket => void socket.on('error', () => undefined).end('no')).listen(0, '127.0.0.1')
    closing.push(() => other.close())
    await once(other, 'listening')
    const before = execs()
    expect(await fetch({ ...direct, port: (other.address() as AddressInfo).port }, 'second')).toBe(false)
    expect(execs()).toBe(before + 1)
  })

  test('where a network drops what it does not allow', async () => {
    const direct = await begin()
    const { mode, direct: through } = await between(direct.port)
    mode.now = 'silent'
    expect(await canConnect(through(direct.key))).toBe(false)
    expect(await fetch(through(direct.key), 'second')).toBe(false)
  })

  test.each([
    ['that is trusted', 'NODE_EXTRA_CA_CERTS'],
    ['where none is looked at', 'NODE_TLS_REJECT_UNAUTHORIZED']
  ])('where somebody answers with a certificate %s in the place of the key', async (_how, variable) => {
    const certificate = selfSigned()
    writeFileSync(join(base, 'ca'), certificate.cert)
    let heard = ''
    const impostor = createTls({ ...certificate, minVersion: 'TLSv1.3' }, socket => {
      socket.on('error', () => undefined).on('data', (data: Buffer) => (heard += data.toString()))
    })
      .on('tlsClientError', () => undefined)
      .listen(0, '127.0.0.1')
    closing.push(() => impostor.close())
    await once(impostor, 'listening')
    const direct = { host: '127.0.0.1', port: (impostor.address() as AddressInfo).port, key: newKey() }
    // Both are read when a process starts.
    const ask = `import { canConnect } from './direct.ts'; console.log(await canConnect(${JSON.stringify(direct)}))`
    const value = variable === 'NODE_EXTRA_CA_CERTS' ? join(base, 'ca') : '0'
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', ask],
      { cwd: import.meta.dirname, env: { PATH: process.env['PATH'], [variable]: value } }
    )
    expect([stdout.trim(), heard]).toEqual(['false', ''])
  })

  test.each(['cut', 'reset'] as const)('when the connection is lost (%s), and the files come whole', async how => {
    const direct = await begin()
    const { mode, direct: through } = await between(direct.port)
    writeFileSync(inPod('/work/back'), Buffer.alloc(3_000_000, 'x'))
    const ways = await fetchByOpen(through(direct.key), { inside: () => void (mode.now = how) })
    expect(ways).toEqual([true, false])
    expect(readFileSync(join(side.root, 'back')).length).toBe(3_000_000)
  })

  test('when a network has forgotten the connection', async () => {
    const direct = await begin()
    const { mode, direct: through } = await between(direct.port)
    writeFileSync(inPod('/work/back'), 'back')
    const ways = await fetchByOpen(through(direct.key), { before: () => void (mode.now = 'silent') })
    expect(ways).toEqual([true, false])
    expect(readFileSync(join(side.root, 'back'), 'utf8')).toBe('back')
  })

  test('when nothing arrives any more of what the pod is sending', async () => {
    const direct = await begin()
    const { mode, direct: through } = await between(direct.port)
    writeFileSync(inPod('/work/back'), Buffer.alloc(30_000_000, 'x'))
    const ways = await fetchByOpen(through(direct.key), { inside: () => void (mode.now = 'deaf') })
    expect(ways).toEqual([true, false])
    expect(readFileSync(join(side.root, 'back')).length).toBe(30_000_000)
  })

  test('when the pod cannot be called any more at all, it is said as for any exec', async () => {
    const direct = await begin()
    programs.end()
    server.exec = () => EXEC_CUT
    await expect(fetch(direct, 'second')).rejects.toMatchObject({ code: 'STREAM_LOST' })
  })
})
