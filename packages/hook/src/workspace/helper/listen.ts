import { createHash } from 'node:crypto'
import { constants, openSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

import { Pieces } from '../tree/pieces.js'
import type { Converse } from './main.js'

/*
 * Runs in a container of ours from its start, and waits for the hook: each exec of the hook's makes a directory with two
 * named pipes, and tells its name at the door; later the hook may call by TLS as well (`serve.ts`). The program for the conversation comes along, and stays: nobody
 * waits for a node to start, and what the program remembers of the tree need not be read again.
 */

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** The caller opens both pipes at once; in milliseconds. */
const OPEN_MS = 10_000

const [, own = '', exitAlone = '', aloneSeconds = ''] = process.argv

/** The program that came last, and its hash. */
let known: { readonly sum: string; readonly converse: Converse } | undefined
let endCurrent = (): void => undefined
let latest = 0
let calls = Promise.resolve()
let alone: NodeJS.Timeout | undefined

function listen(): void {
  // Open for writing as well: else each writer that goes would end it.
  const door = pipe(openSync(`${own}/door`, O_RDWR | O_NONBLOCK), { readable: true })
  let text = ''
  door.on('data', (chunk: Buffer) => {
    const names = (text + chunk.toString()).split('\n')
    text = names.pop() ?? ''
    for (const name of names) queue(async isLatest => answer(`${own}/${name}`, isLatest))
  })
  waitAlone()
  // From now on a call is heard.
  writeFileSync(`${own}/listens`, '')
}

/** Two never hold conversations at once: a hook that calls again has lost its connection. */
function queue(body: (isLatest: () => boolean) => Promise<void>): void {
  const turn = ++latest
  endCurrent()
  // Whatever a call ends with, the next one is heard.
  calls = calls.then(async () => body(() => turn === latest)).catch(() => undefined)
}

async function answer(directory: string, isLatest: () => boolean): Promise<void> {
  const ends: Duplex[] = []
  try {
    await converse(ends, async () => {
      const input = pipe(openSync(`${directory}/in`, O_RDONLY | O_NONBLOCK), { readable: true })
      ends.push(input)
      const output = pipe(await openOutput(`${directory}/out`, isLatest), { writable: true })
      ends.push(output)
      if (isLatest()) await hold(input, output)
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * A connection is a call from the first that is said on it: who only wanted to know whether there is a way ends no other conversation.
 * What a slow network brings after another call is no call any more: the hook has given it up.
 */
function accept(connection: Duplex): void {
  const before = latest
  connection.once('readable', () => {
    if (connection.readableLength === 0) return
    if (latest !== before) return void connection.destroy()
    queue(async isLatest =>
      converse([connection], async () => {
        if (isLatest()) await hold(connection, connection, true)
      })
    )
  })
}

/** @param ends of the conversation: who waits for room in an output that nobody reads any more has to wake up too */
async function converse(ends: readonly Duplex[], body: () => Promise<void>): Promise<void> {
  clearTimeout(alone)
  endCurrent = () => {
    for (const end of ends) end.destroy()
  }
  try {
    await body()
  } catch (error) {
    // The container's log is read by people only.
    process.stderr.write(`${String(error)}\n`)
  } finally {
    endCurrent()
    waitAlone()
  }
}

/** @param isDirect whether only the program that came by an exec may go on: a key is for words, not for programs */
async function hold(input: Duplex, output: Duplex, isDirect = false): Promise<void> {
  const pieces = new Pieces(input as AsyncIterable<Buffer>)
  const length = (await pieces.take(4)).readUInt32BE(0)
  const sum = (await pieces.take(32)).toString('hex')
  const program = await pieces.take(length)
  // Bytes of an exec's input may get lost: the hook hears no answer, and calls again.
  if (createHash('sha256').update(program).digest('hex') !== sum) return
  if (isDirect && known?.sum !== sum) return
  if (known?.sum !== sum) known = { sum, converse: load(gunzipSync(program).toString()) }
  await known.converse(pieces.rest(), output, accept)
  if (output.destroyed) return
  await new Promise<void>(resolve => {
    output.on('close', resolve).end(resolve)
  })
}

function load(text: string): Converse {
  const module = { exports: {} as { converse: Converse } }
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is the hook's own
  new Function('require', 'module', 'exports', text)(require, module, module.exports)
  return module.exports.converse
}

function pipe(file: number, ways: { readonly readable?: boolean; readonly writable?: boolean }): Socket {
  // Who reads or writes is told by the end that comes with it.
  return new Socket({ fd: file, readable: false, writable: false, ...ways }).on('error', () => undefined)
}

/** Without blocking, a named pipe can be opened for writing only when somebody reads it. */
async function openOutput(path: string, isLatest: () => boolean): Promise<number> {
  const since = Date.now()
  for (;;) {
    try {
      return openSync(path, O_WRONLY | O_NONBLOCK)
    } catch (error) {
      const isEarly = (error as NodeJS.ErrnoException).code === 'ENXIO' && Date.now() - since < OPEN_MS
      if (!isEarly || !isLatest()) throw error
    }
    await sleep(1)
  }
}

function waitAlone(): void {
  if (aloneSeconds !== '') alone = setTimeout(() => process.exit(Number(exitAlone)), Number(aloneSeconds) * 1000)
}

listen()
