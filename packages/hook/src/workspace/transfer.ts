import { HookError } from '../report/errors.js'
import type { Line } from '../report/workflow-commands.js'
import { amount, tellProgress } from './progress.js'
import { runnerRules, type Verdicts } from './runner-rules.js'
import type { Owner } from './helper/words.js'
import type { Session } from './session.js'
import { type Exclusion, isFileCommand } from './tree/leaves-out.js'
import { momentAfter } from './tree/moment.js'
import { Diverged, Receiver } from './tree/receive.js'
import type { TransferMessage } from './tree/send.js'
import { adopt, changesIn, look, opened, sendFound, type Found, type Side } from './tree/side.js'

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
  /** What stays in the pod. */
  readonly exclude?: Exclusion | undefined
  /** Whose the files are there. */
  readonly owner: Owner
}

export interface SendingOptions extends TransferOptions {
  /** Whose the files become. */
  readonly owner: Owner
}

/** The other side has said that it failed: nothing more need be sent. */
class Stop extends Error {}

/**
 * Makes a pod's work directory like the runner's, and notes that both are alike.
 *
 * @param looking the look at the runner's, which may have begun already
 * @returns what was sent, and what this user may not read
 */
export async function sendChanges(
  session: Session,
  side: Side,
  looking: Promise<Found>,
  options: SendingOptions
): Promise<Transferred & { readonly closed: readonly string[]; readonly hasSent: boolean }> {
  // What a pod does not remember, it gets whole.
  const isWhole = !session.isAlike
  const found = changesIn(side, await looking, isWhole)
  const { closed } = found.scan
  const { renames, removed, changed } = found.changes
  session.isAlike = true
  if (!isWhole && renames.length + removed.length + changed.length === 0) {
    return { files: 0, bytes: 0, closed, hasSent: false }
  }
  const total = amount(
    changed.length,
    changed.reduce((sum, path) => sum + (found.scan.index.get(path)?.size ?? 0), 0)
  )
  let done = { files: 0, bytes: 0 }
  const stop = tellProgress(options.print, () =>
    done.files === 0
      ? `Sending ${total} to pod ${options.pod}`
      : `Sent ${amount(done.files, done.bytes)} of ${total} to pod ${options.pod}`
  )
  try {
    await session.tell({ take: { ...options.owner, whole: isWhole } })
    let isOver = false
    const answering = session.answer()
    answering.catch(() => (isOver = true))
    const sent = await sendFound(side, found, {
      isFirst: isFileCommand,
      write: async bytes => {
        if (isOver) throw new Stop()
        await session.write(bytes)
      },
      onProgress: (files, bytes) => (done = { files, bytes })
    }).catch(async (error: unknown) => {
      if (!(error instanceof Stop)) throw error
      await answering
      throw error
    })
    if ('diverged' in (await answering)) {
      if (isWhole) throw new RangeError('The pod does not take what was sent whole')
      session.isAlike = false
      return await sendChanges(session, side, look(side), options)
    }
    adopt(side, found, sent)
    return { files: sent.files, bytes: sent.bytes, closed: sent.closed, hasSent: true }
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
    await session.tell({ give: { whole: isWhole } })
    session.isAlike = true
    let diverged = false
    let closed: readonly string[] = []
    for (;;) {
      const frame = await session.next()
      if ('data' in frame) {
        if (!diverged) receiver.data(frame.data)
        continue
      }
      const message = frame.message as TransferMessage
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
    await session.tell({ kept: true })
    const [lost] = verdicts.lost
    if (lost !== undefined) {
      throw new HookError('WORKSPACE', `What the step wrote could not be kept on the runner's disk: ${lost}`)
    }
    return { files: receiver.files, bytes: receiver.bytes, closed, leftOut: verdicts.leftOut }
  } finally {
    stop()
    receiver.close()
  }
}
