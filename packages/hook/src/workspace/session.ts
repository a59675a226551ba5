import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type ExecStream, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import { CALL_COMMAND, EXIT_NO_NODE, programBytes } from './helper/program.js'
import type { Answer, Open, Word } from './helper/words.js'
import { type Frame, FrameReader, messageFrame } from './tree/frames.js'
import { EndedEarly } from './tree/pieces.js'

/** The container in which our program runs, and where the work directory lies there. */
export interface PodTree {
  readonly pod: string
  readonly container: string
}

export interface SessionOptions {
  readonly kube: Pick<Kube, 'exec' | 'awaitNode'>
  readonly place: PodTree
  readonly open: Open
  readonly signal?: AbortSignal | undefined
  /** Silence after which the other side is given up, in milliseconds. */
  readonly idleMs?: number
  /** The same, for the first answer. */
  readonly openMs?: number
}

const TRIES = 4
/** For the first answer: bytes of a call may get lost on their way, and then nobody answers. */
const OPEN_MS = 60_000
/** Longer than any disk of a living node takes for one file; without a limit a hung program holds the job for ever. */
const IDLE_MS = 10 * 60_000

/** In the place of an exit code. */
const UNANSWERED = 'unanswered'

/** The other side said why it could not. */
class Refused extends Error {
  readonly code: string | undefined

  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

/** A conversation with the program in a pod, by one exec. */
export class Session {
  readonly stream: ExecStream
  /** Whether the pod remembers the state that was named. */
  isAlike = false
  readonly #reader: FrameReader
  readonly #idleMs: number
  #idle: NodeJS.Timeout | undefined
  #words = ''
  isSilent = false
  /** Whether nothing more can be said. */
  isOver = false

  private constructor(stream: ExecStream, idleMs: number) {
    this.stream = stream
    this.#idleMs = idleMs
    this.#reader = new FrameReader(stream.stdout as AsyncIterable<Buffer>, () => this.#idle?.refresh())
    const over = (): void => void (this.isOver = true)
    stream.exit.then(over, over)
    stream.stderr.on('data', (chunk: Buffer) => (this.#words = (this.#words + chunk.toString()).slice(-8000)))
  }

  /**
   * Begins one. The signal ends that, and nothing later: who cancels a step still wants its files.
   *
   * @throws KubeError, EndedEarly, Refused
   */
  static async open({
    kube,
    place,
    open,
    signal,
    idleMs = IDLE_MS,
    openMs = OPEN_MS
  }: SessionOptions): Promise<Session> {
    const opening = new AbortController()
    const stop = (): void => opening.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop)
    try {
      const target = { ...place, command: CALL_COMMAND, stdin: true }
      const session = new Session(await kube.exec(target, { signal: opening.signal }), idleMs)
      try {
        await session.watched(async () => {
          await session.write(programBytes())
          const answer = await session.ask({ open })
          session.isAlike = 'ready' in answer && answer.ready
        }, openMs)
        return session
      } catch (error) {
        throw session.isSilent ? new Ended(error, UNANSWERED, '', false) : await session.ended(error)
      }
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Does something in which no silence is too long. */
  async watched<T>(body: () => Promise<T>, idleMs = this.#idleMs): Promise<T> {
    this.#idle = setTimeout(() => {
      this.isSilent = true
      this.close()
    }, idleMs)
    try {
      return await body()
    } finally {
      clearTimeout(this.#idle)
      this.#idle = undefined
    }
  }

  async write(bytes: Buffer): Promise<void> {
    await this.stream.write(bytes)
    this.#idle?.refresh()
  }

  async tell(word: Word): Promise<void> {
    await this.write(messageFrame(word))
  }

  /** Tells a word, and returns the answer. */
  async ask(word: Word): Promise<Answer> {
    await this.tell(word)
    return this.answer()
  }

  /** @throws Refused when the answer is that something failed */
  async answer(): Promise<Answer> {
    const frame = await this.next()
    if (!('message' in frame)) throw new RangeError('Bytes came where an answer was expected')
    return frame.message as Answer
  }

  /** @throws Refused when the other side says that something failed */
  async next(): Promise<Frame> {
    const frame = await this.#reader.next()
    if (!('message' in frame)) return frame
    const { failed } = frame.message as { readonly failed?: { readonly message: string; readonly code?: string } }
    if (failed !== undefined) throw new Refused(failed.message, failed.code)
    return frame
  }

  close(): void {
    this.isOver = true
    clearTimeout(this.#idle)
    this.stream.close()
  }

  /**
   * Why a conversation ended before it was expected to: the program's exit code, or the reason that the API server gives. A
   * word to a command that never began fails without that reason.
   */
  async ended(error: unknown): Promise<Ended> {
    const isShort = error instanceof EndedEarly || isKubeError(error, 'EXEC_FAILED')
    if (this.isSilent || !isShort) {
      this.close()
      return new Ended(error, undefined, this.#words, this.isSilent)
    }
    this.stream.stdout.resume()
    const ended = await this.stream.exit.then(
      code => new Ended(error, code, this.#words, false),
      (reason: unknown) => new Ended(reason, undefined, this.#words, false)
    )
    this.close()
    return ended
  }
}

/** How a conversation ended. */
export class Ended extends Error {
  readonly reason: unknown
  readonly code: number | typeof UNANSWERED | undefined
  readonly words: string
  readonly isSilent: boolean

  constructor(reason: unknown, code: Ended['code'], words: string, isSilent: boolean) {
    super('the conversation ended', { cause: reason })
    this.reason = reason
    this.code = code
    this.words = words
    this.isSilent = isSilent
  }
}

/** How often a pod that was just made is called, and for how long: an image that is being pulled takes longer. */
const EARLY_EACH_MS = 150
const EARLY_MS = 3_000

/**
 * Begins a conversation as soon as the container runs: the kubelet looks at its containers once in a second, so that the API
 * server hears of a start up to a second late.
 *
 * @param running waits until the API server says that the container runs; why it never will is thrown
 * @throws as `Session.open`
 */
export async function openEarly(
  options: SessionOptions,
  running: (signal: AbortSignal) => Promise<unknown>
): Promise<Session> {
  const over = new AbortController()
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal])
  const told = running(signal).finally(() => over.abort())
  const untilTold = told.then(
    () => undefined,
    () => undefined
  )
  const until = Date.now() + EARLY_MS
  const isOver = (): boolean => signal.aborted || Date.now() > until
  while (!isOver()) {
    await sleep(EARLY_EACH_MS, undefined, { signal }).catch(() => undefined)
    const session = isOver() ? undefined : await Session.open({ ...options, signal }).catch(() => undefined)
    if (session === undefined) continue
    over.abort()
    await untilTold
    return session
  }
  await told
  return Session.open(options)
}

/**
 * Holds a conversation to its end, again when its connection is lost: what was half done is done anew.
 *
 * @param verb for errors: `send files to`
 * @param current a conversation that may still be open, or is being opened
 */
export async function converse<T>(
  verb: string,
  options: SessionOptions,
  current: Session | Promise<Session> | undefined,
  body: (session: Session) => Promise<T>
): Promise<{ readonly session: Session; readonly result: T }> {
  const { kube, place, signal } = options
  let open = current
  for (let attempt = 1; ; attempt += 1) {
    try {
      const opening = open ?? Session.open(options)
      open = undefined
      const session = await opening
      const stop = (): void => session.close()
      signal?.addEventListener('abort', stop)
      try {
        if (signal?.aborted === true) stop()
        const result = await session.watched(async () => body(session))
        return { session, result }
      } catch (error) {
        throw await session.ended(error)
      } finally {
        signal?.removeEventListener('abort', stop)
      }
    } catch (thrown) {
      const ended = thrown instanceof Ended ? thrown : new Ended(thrown, undefined, '', false)
      const { reason, code, isSilent } = ended
      if (isSilent || attempt === TRIES) throw failure(verb, options, ended)
      // A kubelet's connection that ends cleanly is a success for the API server.
      const isCut = code === 0 || code === UNANSWERED || isKubeError(reason, 'STREAM_LOST')
      if (!isCut) {
        if (!isKubeError(reason, 'EXEC_FAILED') || (reason.status ?? 0) < 500) throw failure(verb, options, ended)
        // The node may be away, and then refuses whatever it is asked.
        await kube.awaitNode(place, signal && { signal }).catch((error: unknown) => {
          throw isKubeError(error, 'POD_FAILED') ? reason : error
        })
      }
      await sleep(200 * attempt)
    }
  }
}

/**
 * Says a last word, after which the other side goes, and may take its answer along.
 *
 * @returns whether it answered
 * @throws HookError when it says that it could not
 */
export async function sayLast(options: SessionOptions, session: Session, word: Word): Promise<boolean> {
  try {
    await session.watched(async () => session.ask(word))
    return true
  } catch (error) {
    if (error instanceof Refused) throw failure('send files to', options, new Ended(error, undefined, '', false))
    return false
  } finally {
    session.close()
  }
}

/** Says what was the matter: an image without node, a full disk, or the program's own words. */
function failure(verb: string, { place, idleMs = IDLE_MS }: SessionOptions, ended: Ended): unknown {
  const { reason, code, words, isSilent } = ended
  const where = `Could not ${verb} container ${place.container} of pod ${place.pod}`
  const wrong = (what: string): HookError => {
    const said = words.trim().split('\n').slice(-3).join('; ')
    return new HookError('WORKSPACE', `${where}: ${[what, said].filter(text => text !== '').join(': ')}.`, {
      cause: reason
    })
  }
  if (isSilent) return wrong(`nothing came or went for ${idleMs / 1000} s`)
  if (code === EXIT_NO_NODE) {
    const message = `${where}: its image, which is the runner's, has no node in /home/runner/externals that runs.`
    return new HookError('WORKSPACE', message, { fault: 'configuration', cause: reason })
  }
  if (reason instanceof Refused) return refusal(where, reason)
  if (code === UNANSWERED) return wrong('nothing there answers')
  if (code === 0) return wrong('the stream was cut short again and again')
  if (code !== undefined) return wrong(`exit code ${code}`)
  if (reason instanceof RangeError || reason instanceof EndedEarly) return wrong(reason.message)
  return diskFull(reason) ?? reason
}

function refusal(where: string, { message, code, cause }: Refused): HookError {
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  const sentence = isFull
    ? `${where}: its disk is full (${message}). Its node, or the pod's limit of ephemeral storage, has no more.`
    : `${where}: ${message}.`
  return new HookError('WORKSPACE', sentence, { fault: isFull ? 'cluster' : 'user', cause })
}

function diskFull(error: unknown): HookError | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined
  return new HookError('WORKSPACE', `The disk of the runner's pod is full: ${message}.`, { cause: error })
}
