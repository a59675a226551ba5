import { HookError } from '../report/errors.js'
import type { Line } from '../report/workflow-commands.js'
import { amount, tellProgress } from './progress.js'
import { runnerRules, type Verdicts } from './runner-rules.js'
import type { Answer, Owner } from './helper/words.js'
import type { Session } from './session.js'
import { type Exclusion, isFileCommand } from './tree/leaves-out.js'
import { messageFrame } from './tree/frames.js'
import { momentAfter } from './tree/moment.js'
import { Diverged, Receiver } from './tree/receive.js'
import type { Sent, TransferMessage } from './tree/send.js'
import { adopt, changesIn, opened, sendFound, type Found, type Side } from './tree/side.js'

/** What a transfer did. */
export interface Transferred {
  readonly files: number
  readonly bytes: number
}

export interface TransferOptions {
  readonly pod: string
  /** Told how far a long transfer is. */
  readonly print: Line
}

export interface FetchOptions extends TransferOptions {
  /** Of the state in which both sides are alike afterwards. */
  readonly name: string
  /** What stays in the pod. */
  readonly exclude?: Exclusion | undefined
  /** Whose the files are there. */
  readonly owner: Owner
}

export interface SendingOptions extends TransferOptions {
  /** Of the state in which both sides are alike afterwards. */
  readonly name: string
  /** Whose the files become. */
  readonly owner: Owner
  /**
   * The program is to go with what it was sent, and may take its answers along. Given what notes that both are alike, in case
   * that only its end tells.
   */
  readonly onLeave?: (agree: () => Transferred) => void
}

export interface Sending extends Transferred {
  /** What this user may not read. */
  readonly closed: readonly string[]
  /** Whether there was anything to send; else the name is not used. */
  readonly hasSent: boolean
  /** The answer of a pod that goes with what it was sent. */
  readonly left?: Promise<Answer>
}

/** So many bytes are sent to somebody of whom nothing has been heard. */
const BLIND_BYTES = 256 * 1024

/** The other side does not take what is being sent: nothing more need be. */
class Stop extends Error {}

const NOTHING_MORE = messageFrame({ sent: { files: 0, bytes: 0, closed: [] } } satisfies TransferMessage)

/**
 * Makes a pod's work directory like the runner's, and notes that both are alike. Nothing is waited for before the first files go:
 * a pod that does not remember what it is taken to remember refuses them, and gets all.
 *
 * @param looking the look at the runner's, which may have begun already
 */
export async function sendChanges(
  session: Session,
  side: Side,
  looking: Promise<Found>,
  options: SendingOptions
): Promise<Sending> {
  const { name, owner, pod, onLeave } = options
  const scanned = await looking
  // What a pod does not remember, it gets whole.
  const isWhole = !session.isAlike
  const found = changesIn(side, scanned, isWhole)
  const { closed } = found.scan
  const { renames, removed, changed } = found.changes
  if (!isWhole && renames.length + removed.length + changed.length === 0 && (await session.ready)) {
    return { files: 0, bytes: 0, closed, hasSent: false }
  }
  if (!isWhole && !session.isAlike) return sendChanges(session, side, Promise.resolve(scanned), options)
  const total = amount(
    changed.length,
    changed.reduce((sum, path) => sum + (found.scan.index.get(path)?.size ?? 0), 0)
  )
  let done = { files: 0, bytes: 0 }
  const stop = tellProgress(options.print, () =>
    done.files === 0
      ? `Sending ${total} to pod ${pod}`
      : `Sent ${amount(done.files, done.bytes)} of ${total} to pod ${pod}`
  )
  try {
    const answering = session.ask({ take: { ...owner, whole: isWhole, name } })
    let isOver = false
    const over = (): void => void (isOver = true)
    answering.then(over, over)
    let written = 0
    const sending = sendFound(side, found, {
      isFirst: isFileCommand,
      write: async bytes => {
        written += bytes.length
        if (written > BLIND_BYTES) await session.ready
        if (isOver || (!isWhole && !session.isAlike)) throw new Stop()
        await session.write(bytes)
      },
      onProgress: (files, bytes) => (done = { files, bytes })
    })
    const sent = await sending.catch(async (error: unknown) => {
      if (!(error instanceof Stop)) throw error
      await session.write(NOTHING_MORE)
      return undefined
    })
    const agree = (what: Sent): Transferred => {
      adopt(side, found, what)
      return { files: what.files, bytes: what.bytes }
    }
    let left: Promise<Answer> | undefined
    if (onLeave !== undefined && sent !== undefined) {
      onLeave(() => agree(sent))
      left = session.ask({ leave: name })
      left.catch(() => undefined)
    }
    const answer = await answering
    if (sent === undefined || (!isWhole && !session.isAlike) || 'diverged' in answer) {
      if (isWhole) throw new RangeError('The pod does not take what was sent whole')
      await left
      session.isAlike = false
      return await sendChanges(session, side, Promise.resolve(scanned), options)
    }
    session.isAlike = true
    return { ...agree(sent), closed: sent.closed, hasSent: true, ...(left === undefined ? {} : { left }) }
  } finally {
    stop()
  }
}

/**
 * Brings back what a pod changed, made or removed, and notes that both are alike. What a step says to the runner comes
 * first.
 *
 * @returns what came; what could not be read in the pod; what was not taken, in sentences
 * @throws HookError WORKSPACE when a file could not be written: a lost file must not look like a step that wrote none
 */
export async function fetchChanges(
  session: Session,
  side: Side,
  options: FetchOptions
): Promise<Transferred & { readonly closed: readonly string[]; readonly leftOut: readonly string[] }> {
  const verdicts: Verdicts = { leftOut: [], lost: [] }
  const isWhole = !session.isAlike
  const rules = { ...runnerRules(side, options, verdicts), isWhole }
  const receiver = new Receiver(side.root, opened(side), rules)
  const stop = tellProgress(options.print, () =>
    receiver.files === 0
      ? `Looking for changed files in pod ${options.pod}`
      : `Received ${amount(receiver.files, receiver.bytes)} from pod ${options.pod}`
  )
  try {
    await session.tell({ give: { whole: isWhole, name: options.name } })
    let diverged = false
    let closed: readonly string[] = []
    for (;;) {
      const frame = await session.next()
      if ('data' in frame) {
        if (!diverged) receiver.data(frame.data)
        continue
      }
      const message = frame.message as TransferMessage | Extract<Answer, { readonly diverged: true }>
      if ('diverged' in message) {
        diverged = true
        break
      }
      try {
        if (!diverged) receiver.message(message)
      } catch (error) {
        if (!(error instanceof Diverged)) throw error
        diverged = true
      }
      if (!('sent' in message)) continue
      closed = message.sent.closed
      break
    }
    if (diverged) {
      receiver.close()
      if (isWhole) throw new RangeError('The pod does not send what was asked for whole')
      session.isAlike = false
      return await fetchChanges(session, side, options)
    }
    receiver.finish()
    await momentAfter(side.clock, receiver.latest)
    const [lost] = verdicts.lost
    if (lost !== undefined) {
      throw new HookError('WORKSPACE', `What the step wrote could not be kept on the runner's disk: ${lost}`)
    }
    session.isAlike = true
    session.hasAll = true
    return { files: receiver.files, bytes: receiver.bytes, closed, leftOut: verdicts.leftOut }
  } finally {
    stop()
    receiver.close()
  }
}
