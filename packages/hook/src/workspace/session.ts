import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import { connectDirect, type Connection } from './direct.js'
import { CALL_COMMAND, EXIT_NO_NODE, programBytes } from './helper/program.js'
import type { Answer, Direct, Open, Word } from './helper/words.js'
import { type Frame, FrameReader, messageFrame } from './tree/frames.js'
import { EndedEarly } from './tree/pieces.js'

/** The container in which our program runs, and where the work directory lies there. */
export interface PodTree {
  readonly pod: string
  readonly container: string
}

export interface SessionOptions {
  readonly kube: Pick<Kube, 'exec' | 'awaitNode' | 'connectAhead'>
  readonly place: PodTree
  readonly open: Omit<Open, 'call'>
  readonly signal?: AbortSignal | undefined
  /** Where the program is called first; by an exec when it is not reached there. */
  readonly direct?: Direct | undefined
  /** Silence after which the other side is given up, in milliseconds. */
  readonly idleMs?: number
  /** The same, for a direct connection, which a network may have forgotten: an exec is tried then. */
  readonly directIdleMs?: number
  /** The same, for the first answer. */
  readonly openMs?: number
}

/** Each call of this process has the next number. */
const CALLER = randomUUID()
let calls = 0

const TRIES = 4
/** For the first answer: bytes of a call may get lost on their way, and then nobody answers. */
const OPEN_MS = 60_000
/** Longer than any disk of a living node takes for one file; without a limit a hung program holds the job for ever. */
const IDLE_MS = 10 * 60_000
const DIRECT_IDLE_MS = 60_000
/** For what is answered at once: a cancelled step has some eight seconds for its files, with an exec that takes over. */
export const DIRECT_ANSWER_MS = 4_000

/** Of a call that ends with its container, which mostly takes the last answers along. */
const KILLED = 137

/** In the place of an exit code. */
const UNANSWERED = 'unanswered'

/** The other side said why it could not. */
export class Refused extends Error {
  readonly code: string | undefined

  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

/**
 * A conversation with the program in a pod, by one exec or a direct connection. Words need not wait for the answers to those before them: each answer
 * is for the first word that has none, and what is said at once travels together.
 */
export class Session {
  readonly stream: Connection
  /** Whether it goes past the API server. */
  readonly isDirect: boolean
  /**
   * Whether the pod remembers the state that was named, by its first answer. Until then nobody knows whether somebody is
   * there; rejects as `answer` does.
   */
  readonly ready: Promise<boolean>
  /** The same, as far as is known: a pod mostly remembers. */
  isAlike: boolean
  readonly #reader: FrameReader
  readonly #idleMs: number
  #idle: NodeJS.Timeout | undefined
  #words = ''
  #writing: Promise<void> = Promise.resolve()
  #reading: Promise<unknown> = Promise.resolve()
  #isUnanswered = false
  isSilent = false
  /**
   * Whether what was given has arrived, and the program has not been told: a program that is called again hears it by the name
   * of the state.
   */
  hasAll = false
  /** Whether nothing more can be said. */
  isOver = false

  private constructor(stream: Connection, isDirect: boolean, options: SessionOptions) {
    const { open, idleMs = IDLE_MS, directIdleMs = DIRECT_IDLE_MS, openMs = OPEN_MS } = options
    this.stream = stream
    this.isDirect = isDirect
    this.#idleMs = isDirect ? directIdleMs : idleMs
    this.isAlike = open.generation !== ''
    this.#reader = new FrameReader(stream.stdout as AsyncIterable<Buffer>, () => this.#idle?.refresh())
    const over = (): void => void (this.isOver = true)
    stream.exit.then(over, over)
    stream.stderr.on('data', (chunk: Buffer) => (this.#words = (this.#words + chunk.toString()).slice(-8000)))
    void this.write(programBytes()).catch(() => undefined)
    this.ready = this.#begin(open, isDirect ? Math.min(openMs, DIRECT_ANSWER_MS) : openMs)
    this.ready.catch(() => undefined)
  }

  /**
   * Begins one, and waits for no answer. The signal ends that, and nothing that comes after the first answer: who cancels a
   * step still wants its files.
   *
   * @throws KubeError
   */
  static async open(options: SessionOptions): Promise<Session> {
    const { kube, place, signal } = options
    const opening = new AbortController()
    const stop = (): void => opening.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop)
    const settle = (): void => signal?.removeEventListener('abort', stop)
    try {
      const direct = options.direct && (await connectDirect(options.direct, opening.signal).catch(() => undefined))
      const target = { ...place, command: CALL_COMMAND, stdin: true }
      const stream = direct ?? (await kube.exec(target, { signal: opening.signal }))
      const session = new Session(stream, direct !== undefined, options)
      session.ready.then(settle, settle)
      return session
    } catch (error) {
      settle()
      throw error
    }
  }

  async #begin(open: SessionOptions['open'], openMs: number): Promise<boolean> {
    const call = { by: CALLER, count: (calls += 1) }
    const limit = setTimeout(() => {
      this.#isUnanswered = true
      this.close()
    }, openMs)
    try {
      const answer = await this.ask({ open: { ...open, call } })
      const isReady = 'ready' in answer && answer.ready
      if (!isReady) this.isAlike = false
      return isReady
    } finally {
      clearTimeout(limit)
    }
  }

  /** Finds out whether a connection that was idle still leads to somebody. */
  async prove(): Promise<void> {
    await this.watched(async () => this.ask({ here: true }), DIRECT_ANSWER_MS)
  }

  /** Does something in which no silence is too long; what is done meanwhile is watched with it. */
  async watched<T>(body: () => Promise<T>, idleMs = this.#idleMs): Promise<T> {
    if (this.#idle !== undefined) return body()
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
    const written = this.#writing.then(async () => this.stream.write(bytes))
    this.#writing = written.catch(() => undefined)
    await written
    this.#idle?.refresh()
  }

  async tell(word: Word): Promise<void> {
    const isNext = this.hasAll && ('give' in word || 'take' in word)
    if (isNext) this.hasAll = false
    await this.write(isNext ? Buffer.concat([messageFrame({ kept: true }), messageFrame(word)]) : messageFrame(word))
  }

  /** Tells a word, and returns the answer. */
  async ask(word: Word): Promise<Answer> {
    const told = this.tell(word)
    const answer = this.answer()
    answer.catch(() => undefined)
    await told
    return answer
  }

  /**
   * The answer to the first word that nobody has waited for yet.
   *
   * @throws Refused when the answer is that something failed
   */
  async answer(): Promise<Answer> {
    const frame = await this.next()
    if (!('message' in frame)) throw new RangeError('Bytes came where an answer was expected')
    return frame.message as Answer
  }

  /** @throws Refused when the other side says that something failed */
  async next(): Promise<Frame> {
    const next = this.#reading.then(async () => this.#reader.next())
    this.#reading = next.catch(() => undefined)
    const frame = await next
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
    if (error instanceof Ended) {
      // Another conversation has gone on in the place of this one, of which nothing may come any more.
      this.close()
      return error
    }
    if (this.#isUnanswered || (this.isSilent && this.isDirect)) return new Ended(error, UNANSWERED, '', false)
    const isShort = error instanceof EndedEarly || isKubeError(error, 'EXEC_FAILED')
    if (this.isSilent || !isShort) {
      this.close()
      return new Ended(error, undefined, this.#words, this.isSilent)
    }
    this.stream.stdout.resume()
    // There is no exit code to come, and a network may keep what was not sent yet from ending.
    if (this.isDirect) this.close()
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
 * Holds a conversation as `converse`, and begins it as soon as the container runs: the kubelet looks at its containers once in a
 * second, so that the API server hears of a start up to a second late.
 *
 * @param running waits until the API server says that the container runs; why it never will is thrown
 */
export async function converseEarly<T>(
  verb: string,
  options: SessionOptions,
  running: (signal: AbortSignal) => Promise<unknown>,
  body: (session: Session) => Promise<T>
): Promise<{ readonly session: Session; readonly result: T }> {
  const over = new AbortController()
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal])
  let isTold = false
  let limit: NodeJS.Timeout | undefined
  const told = running(signal).then(
    () => {
      isTold = true
      // A call that is under way is mostly answered before another one could be, and sometimes never.
      limit = setTimeout(() => over.abort(), EARLY_MS)
    },
    (error: unknown) => {
      over.abort()
      throw error
    }
  )
  const untilTold = told.catch(() => undefined)
  const until = Date.now() + EARLY_MS
  const isOver = (): boolean => isTold || signal.aborted || Date.now() > until
  while (!isOver()) {
    // For this call or for one after it.
    options.kube.connectAhead()
    await Promise.race([untilTold, sleep(EARLY_EACH_MS, undefined, { signal }).catch(() => undefined)])
    const session = isOver() ? undefined : await Session.open({ ...options, signal }).catch(() => undefined)
    if (session === undefined) continue
    const begun = session.watched(async () => body(session))
    begun.catch(() => undefined)
    const isThere = await session.ready.then(
      () => true,
      () => false
    )
    if (!isThere) {
      session.close()
      continue
    }
    over.abort()
    await untilTold
    clearTimeout(limit)
    let first: Promise<T> | undefined = begun
    return converse(verb, options, session, async current => {
      const attempt = first ?? body(current)
      first = undefined
      return attempt
    })
  }
  await told
  clearTimeout(limit)
  return converse(verb, options, undefined, body)
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
      // A network that loses connections may lose the next one, too.
      const opening = open ?? Session.open(attempt === 1 ? options : { ...options, direct: undefined })
      open = undefined
      const session = await opening
      try {
        if (session.isDirect && session === current) await session.prove()
        return { session, result: await within(session, signal, body) }
      } catch (error) {
        throw await session.ended(error)
      }
    } catch (thrown) {
      const ended = thrown instanceof Ended ? thrown : new Ended(thrown, undefined, '', false)
      const { reason, code, isSilent } = ended
      if (isSilent || attempt === TRIES) throw failure(verb, options, ended)
      // Opened before it was needed, and nobody has heard yet whether its container runs.
      const isTooEarly =
        attempt === 1 && current !== undefined && code === undefined && isKubeError(reason, 'EXEC_FAILED')
      // A kubelet's connection that ends cleanly is a success for the API server.
      const isCut =
        code === 0 || code === KILLED || code === UNANSWERED || isKubeError(reason, 'STREAM_LOST') || isTooEarly
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

/** Does something in a conversation, until the signal ends that. */
export async function within<T>(
  session: Session,
  signal: AbortSignal | undefined,
  body: (session: Session) => Promise<T>,
  idleMs?: number
): Promise<T> {
  const stop = (): void => session.close()
  signal?.addEventListener('abort', stop)
  try {
    if (signal?.aborted === true) stop()
    return await session.watched(async () => body(session), idleMs)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/**
 * Hears the answer to a last word, after which the other side goes, and may take its answer along.
 *
 * @returns whether it went
 * @throws HookError when it says that it could not
 */
export async function hearLast(options: SessionOptions, session: Session, answer: Promise<Answer>): Promise<boolean> {
  try {
    return 'remembered' in (await within(session, options.signal, async () => answer))
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
