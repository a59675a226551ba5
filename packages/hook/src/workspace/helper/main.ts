import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { Directory } from '../../files/directory.js'
import type { Post } from '../mailbox/letters.js'
import { LocalMailbox } from '../mailbox/local-mailbox.js'
import { makeMailbox } from '../mailbox/make-mailbox.js'
import { FrameReader, messageFrame } from '../tree/frames.js'
import { EndedEarly } from '../tree/pieces.js'
import { collectGarbage } from '../tree/garbage.js'
import { Index } from '../tree/index.js'
import { loadIndex, saveIndex } from '../tree/index-file.js'
import { momentAfter } from '../tree/moment.js'
import { Diverged, Receiver } from '../tree/receive.js'
import { room } from '../tree/room.js'
import type { TransferMessage } from '../tree/send.js'
import { adopt, changesIn, look, opened, sendFound, type Side } from '../tree/side.js'
import { isExcluded, isFileCommand, isOfTheRunner } from '../tree/leaves-out.js'
import { serve } from './serve.js'
import { COPIED, type Agreement, type Answer, type Open, type Owner, type Serve, type Word } from './words.js'

/*
 * The hook's half in a pod: keeps the work tree there and the runner's alike. It runs in a container of ours, from the
 * runner's image, which shares nothing with the job's container but the tree.
 */

/** What both sides agreed upon last, for as long as this process lives. */
let memory: State | undefined

/** What was given last. The hook has it when it says so, or comes back with its name; else it is as if it had not been given. */
let given: State | undefined

interface State {
  readonly generation: string
  readonly index: Index
}

/** Of each caller, its last call. */
const heard = new Map<string, number>()

/** Between two looks whether the externals are there. */
const COPY_LOOK_MS = 10

/** Of the step that runs; it outlives a connection that is lost. */
let mailbox: LocalMailbox | undefined

/**
 * Holds a conversation with the hook, until its end.
 *
 * @param accept gets connections of the hook's, on which nothing was said yet; what is said begins with the program, as by an exec
 */
export type Converse = (
  input: AsyncIterable<Buffer>,
  output: Writable,
  accept: (connection: Duplex) => void
) => Promise<void>

export const converse: Converse = async (input, output, accept) => {
  process.umask(0)
  const conversation = new Conversation(input, output, accept)
  try {
    await conversation.hold()
  } catch (error) {
    // A call that came later has ended this one.
    if (error instanceof EndedEarly || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return
    await conversation.fail(error)
  } finally {
    // The hook is gone: nobody waits.
    if (given !== undefined) collectGarbage(given.index)
  }
}

class Conversation {
  readonly #reader: FrameReader
  readonly #output: Writable
  readonly #accept: (connection: Duplex) => void
  #open: Open | undefined
  #side: Side | undefined
  /** Whether the hook remembers the same state: else it has to send and to ask for all. */
  #isAlike = false

  constructor(input: AsyncIterable<Buffer>, output: Writable, accept: (connection: Duplex) => void) {
    this.#reader = new FrameReader(input)
    this.#output = output
    this.#accept = accept
  }

  async hold(): Promise<void> {
    for (;;) {
      const word = (await this.#next()) as Word
      if ('open' in word) await this.#begin(word.open)
      else if ('take' in word) await this.#take(word.take)
      else if ('give' in word) await this.#give(word.give)
      else if ('kept' in word) this.#agree(given)
      else if ('externals' in word) await this.#awaitExternals()
      else if ('here' in word) await this.#answer({ here: true })
      else if ('serve' in word) await this.#serve(word.serve)
      else if ('mail' in word) await this.#mail(word.mail)
      else if ('leave' in word) await this.#leave(word.leave)
    }
  }

  async fail(error: unknown): Promise<void> {
    await this.#answer(failed(error))
  }

  async #begin(open: Open): Promise<void> {
    const { by, count } = open.call
    // Who gave that call up has gone on by another one, and a step may have changed since what was to be sent then.
    if (count < (heard.get(by) ?? 0)) throw new EndedEarly()
    heard.set(by, count)
    this.#open = open
    mkdirSync(open.own, { recursive: true, mode: 0o700 })
    const fixed = new Set(open.fixed)
    for (const path of open.fixed) makeFixed(open.root, path)
    memory ??= loaded(keptIn(open))
    if (given?.generation === open.generation) memory = given
    given = undefined
    this.#side = {
      root: open.root,
      // Also of another state: what both had then and the hook has no more is to go.
      index: memory?.index ?? new Index(),
      clock: join(open.own, 'clock'),
      leavesOut: path => isOfTheRunner(path) || isExcluded(path, open.exclude),
      isFixed: path => fixed.has(path),
      opens: false,
      opensOthers: open.opensOthers
    }
    this.#isAlike = open.generation !== '' && memory?.generation === open.generation
    await this.#answer({ ready: this.#isAlike })
  }

  async #take({ whole, name, ...owner }: Owner & Agreement): Promise<void> {
    const { side } = this.#opened()
    if (!whole && !this.#isAlike) {
      await this.#answer({ diverged: true })
      // The hook did not wait to hear that.
      for (;;) {
        const frame = await this.#reader.next()
        if ('message' in frame && 'sent' in (frame.message as TransferMessage)) return
      }
    }
    // What ends in the middle is no state that anybody knows.
    if (whole && memory !== undefined) memory = { ...memory, generation: '' }
    const receiver = new Receiver(side.root, opened(side), {
      judge: () => 'take',
      keeps: isOfTheRunner,
      isFixed: side.isFixed,
      fileMode: 0,
      directoryMode: 0,
      owner,
      isWhole: whole,
      // Who is killed has forgotten the tree, and gets all anew.
      namesAtOnce: true
    })
    try {
      const failure = await this.#receive(receiver)
      if (failure !== undefined) return
      receiver.finish()
    } finally {
      receiver.close()
    }
    if (whole) makeMailbox(side.root)
    await momentAfter(side.clock, receiver.latest)
    // Before the answer: who has it says no more before it needs this.
    this.#agree({ generation: name, index: side.index })
    await this.#answer({ took: { files: receiver.files, bytes: receiver.bytes } })
    // The step runs: nobody waits.
    collectGarbage(side.index)
  }

  /** @returns what went wrong, when it was told already */
  async #receive(receiver: Receiver): Promise<Answer | undefined> {
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
        if ('sent' in message) return failure
      } catch (error) {
        // What still comes is read: who sends it listens only then.
        failure = error instanceof Diverged ? { diverged: true } : failed(error)
        receiver.close()
        await this.#answer(failure)
      }
    }
  }

  async #give({ whole, name }: Agreement): Promise<void> {
    const { side } = this.#opened()
    if (!whole && !this.#isAlike) return this.#answer({ diverged: true })
    const found = changesIn(side, await look(side), whole)
    const sent = await sendFound(side, found, { isFirst: isFileCommand, write: async bytes => this.#write(bytes) })
    const next = { ...side }
    adopt(next, found, sent)
    given = { generation: name, index: next.index }
  }

  /** Both sides are alike now. */
  #agree(state: State | undefined): void {
    if (state === undefined) return
    memory = state
    given = undefined
    this.#opened().side.index = state.index
    this.#isAlike = true
  }

  async #awaitExternals(): Promise<void> {
    const path = join(this.#opened().open.own, COPIED)
    while (!existsSync(path)) {
      if (this.#output.destroyed) throw new EndedEarly()
      await sleep(COPY_LOOK_MS)
    }
    const complaint = readFileSync(path, 'utf8').trim().split('\n').slice(-3).join('; ')
    if (complaint === COPIED) return this.#answer({ copied: true })
    const code = complaint === '' || complaint.includes('No space left') ? { code: 'ENOSPC' } : {}
    return this.#answer(
      failed({ message: `the runner's externals: ${complaint || 'not even why can be written'}`, ...code })
    )
  }

  async #serve(wanted: Serve): Promise<void> {
    const served = serve(wanted, this.#accept).then(at => ({ serves: at }), failed)
    await this.#answer(await served)
  }

  async #mail(post: Post): Promise<void> {
    mailbox ??= new LocalMailbox(this.#opened().side.root)
    await this.#answer({ mail: mailbox.exchange(post) })
  }

  /** Another process goes on, in another container. */
  async #leave(name: string): Promise<void> {
    // What was to come before may have failed.
    if (memory?.generation !== name) return this.#answer({ diverged: true })
    const { generation, index } = memory
    saveIndex(keptIn(this.#opened().open), index, { generation })
    await new Promise<void>(resolve => this.#output.end(messageFrame({ remembered: true }), () => resolve()))
    process.exit(0)
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
    await this.#write(messageFrame(answer))
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#output.destroyed) throw new EndedEarly()
    if (!this.#output.write(bytes)) await room(this.#output)
  }
}

/** The kubelet makes those that are mounted by themselves; every user may write there. */
function makeFixed(root: string, path: string): void {
  const prepare = (parent: Directory, name: string): void => {
    const found = parent.look(name)
    if (found?.isDirectory() === true) return
    if (found !== undefined) parent.clear(name)
    parent.make(name)
  }
  Directory.reach(root, path.split('/'), prepare).close()
}

/** What the listener of another container has left. */
function loaded(path: string): State | undefined {
  const kept = loadIndex(path)
  return kept && { ...(kept.more as { readonly generation: string }), index: kept.index }
}

function keptIn({ own }: Open): string {
  return join(own, 'index')
}

function failed(error: unknown): Answer {
  const { message, code } = error as NodeJS.ErrnoException
  return { failed: { message, ...(code === undefined ? {} : { code }) } }
}
