import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { EndedEarly, FrameReader, messageFrame } from '../tree/frames.js'
import { type Entry, fromRows, type Index, toRows } from '../tree/index.js'
import { momentAfter } from '../tree/moment.js'
import { Diverged, Receiver } from '../tree/receive.js'
import type { TransferMessage } from '../tree/send.js'
import { adopt, findChanges, sendFound, type Side } from '../tree/side.js'
import { isExcluded, isFileCommand, isOfTheRunner } from '../tree/leaves-out.js'
import type { Answer, Open, Owner, Word } from './words.js'

/*
 * The hook's half in a pod: keeps the work tree there and the runner's alike. It runs in a container of ours, from the
 * runner's image, which shares nothing with the job's container but the tree.
 */

/** Somebody waits for files, and is told that they still come. */
const ALIVE_MS = 5_000

class Program {
  readonly #reader = new FrameReader(process.stdin as AsyncIterable<Buffer>)
  #open: Open | undefined
  #side: Side | undefined

  async run(): Promise<void> {
    for (;;) {
      const word = (await this.#next()) as Word
      if ('open' in word) await this.#begin(word.open)
      else if ('take' in word) await this.#take(word.take)
      else if ('give' in word) await this.#give(word.give.whole)
      else if ('remember' in word) await this.#remember(word.remember)
      else if ('release' in word) {
        writeFileSync(word.release, '')
        await this.#answer({ remembered: true })
      }
    }
  }

  async #begin(open: Open): Promise<void> {
    this.#open = open
    mkdirSync(open.own, { recursive: true, mode: 0o700 })
    const fixed = new Set(open.fixed)
    const kept = read(join(open.own, 'index.json'))
    this.#side = {
      root: open.root,
      // Also of another state: what both had then and the hook has no more is to go.
      index: kept?.index ?? new Map<string, Entry>(),
      clock: join(open.own, 'clock'),
      leavesOut: path => isOfTheRunner(path) || isExcluded(path, open.exclude),
      isFixed: path => fixed.has(path),
      opens: false
    }
    const timer = setInterval(() => {
      writeFileSync(join(open.own, 'alive'), '')
    }, ALIVE_MS)
    timer.unref()
    await this.#answer({ ready: open.generation !== '' && kept?.generation === open.generation })
  }

  async #take({ whole, ...owner }: Owner & { readonly whole: boolean }): Promise<void> {
    const { side, open } = this.#opened()
    const receiver = new Receiver(side.root, side.index, {
      judge: () => 'take',
      keeps: isOfTheRunner,
      isFixed: side.isFixed,
      fileMode: 0,
      directoryMode: open.directoryMode,
      owner,
      isWhole: whole
    })
    let failure: Answer | undefined
    for (;;) {
      const frame = await this.#reader.next()
      try {
        if ('data' in frame) {
          if (failure === undefined) receiver.data(frame.data)
          continue
        }
        const message = frame.message as TransferMessage
        if (failure === undefined) receiver.message(message)
        if ('sent' in message) break
      } catch (error) {
        // What still comes is read: who sends it listens only then.
        failure = error instanceof Diverged ? { diverged: true } : failed(error)
        await this.#answer(failure)
      }
    }
    receiver.close()
    if (failure !== undefined) return
    receiver.finish()
    await momentAfter(side.clock, receiver.latest)
    await this.#answer({ took: { files: receiver.files, bytes: receiver.bytes } })
  }

  async #give(whole: boolean): Promise<void> {
    const { side } = this.#opened()
    const base = whole ? { ...side, index: new Map<string, Entry>() } : side
    const found = await findChanges(base)
    const sent = await sendFound(side, found, { isFirst: isFileCommand, write })
    const word = (await this.#next()) as Word
    if ('kept' in word) adopt(side, found, sent)
  }

  async #remember(generation: string): Promise<void> {
    const { side, open } = this.#opened()
    const path = join(open.own, 'index.json')
    writeFileSync(`${path}.new`, JSON.stringify({ generation, rows: toRows(side.index) }), { mode: 0o600 })
    renameSync(`${path}.new`, path)
    await this.#answer({ remembered: true })
  }

  #opened(): { readonly side: Side; readonly open: Open } {
    if (this.#side === undefined || this.#open === undefined) throw new Error('nothing was opened')
    return { side: this.#side, open: this.#open }
  }

  async #next(): Promise<unknown> {
    const frame = await this.#reader.next()
    if ('data' in frame) throw new RangeError('Bytes came where a word was expected')
    return frame.message
  }

  async #answer(answer: Answer): Promise<void> {
    await write(messageFrame(answer))
  }
}

function failed(error: unknown): Answer {
  const { message, code } = error as NodeJS.ErrnoException
  return { failed: { message, ...(code === undefined ? {} : { code }) } }
}

function read(path: string): { readonly generation: string; readonly index: Index } | undefined {
  try {
    const { generation, rows } = JSON.parse(readFileSync(path, 'utf8')) as {
      generation: string
      rows: Parameters<typeof fromRows>[0]
    }
    return { generation, index: fromRows(rows) }
  } catch {
    // There is none, or a program was ended while it wrote one.
    return undefined
  }
}

async function write(bytes: Buffer): Promise<void> {
  if (process.stdout.write(bytes)) return
  await new Promise<void>(resolve => process.stdout.once('drain', resolve))
}

process.umask(0)
new Program().run().then(
  () => process.exit(0),
  (error: unknown) => {
    // The hook has closed its end: there is nothing more to do.
    if (error instanceof EndedEarly) process.exit(0)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
)
