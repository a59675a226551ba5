import { type ExecStream, isKubeError, type Kube, settlesWithin, type V1Pod, waitForPod } from '@kaniko-hooks/kube'
import { BuildError } from '../../errors.js'
import type { ContextArchive } from '../../context/pack.js'
import { CONTEXT_CONTAINER } from './parts.js'
import { RECEIVE_COMMAND } from './receive-script.js'

/** A transfer that may go well the next time. */
class TransferError extends Error {
  override readonly name = 'TransferError'
}

const TRIES = 3

/**
 * How long the receiver may take to acknowledge, after the last byte was sent: bytes that were lost on the way without a
 * word are waited for in vain. A node that is busy unpacks what is left in a moment more.
 */
const RECEIPT_MS = 60_000

/** And in addition for what may still be on its way. */
const SLOWEST_BYTES_PER_MS = 10 * 1024

interface DeliveryOptions {
  readonly signal?: AbortSignal
  readonly log: (line: string) => void
  /** For the kubelet's word that the context was taken; what is left of the build's own time is right. */
  readonly timeoutMs: number
}

/**
 * Brings a context into the build pod: by an exec into its waiting init container, with the length announced, the hash
 * compared, and the whole transfer repeated on a new stream when either is wrong. It returns when the init container has
 * ended, so that the build may begin; how it ended shows when the next container is waited for.
 *
 * From the first acceptance on that container may end at any moment and take its receivers along. Then the end of a
 * stream, or that there is none to be had, says nothing any more: the pod's status does, however late the kubelet writes it.
 *
 * @returns how long the kubelet took to notice that end, in milliseconds: it looks once in a second
 * @throws BuildError `CONTEXT_FAILED`; KubeError
 */
export async function deliverContext(
  kube: Kube,
  pod: string,
  archive: ContextArchive,
  { signal, log, timeoutMs }: DeliveryOptions
): Promise<number> {
  const over = new AbortController()
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const told: { at?: number } = {}
  let onAccept = (): void => undefined
  const taken = new Promise<undefined>((resolve, reject) => {
    onAccept = () => {
      if (told.at !== undefined) return
      told.at = performance.now()
      waitForPod(kube, pod, hasTaken, { signal: either, timeoutMs }).then(() => resolve(undefined), reject)
    }
  })
  taken.catch(() => undefined)
  try {
    for (let tried = 1; ; tried++) {
      const problem = await Promise.race([send(kube, pod, archive, onAccept, either).catch(passing), taken])
      if (problem === undefined || (told.at !== undefined && tried === TRIES)) {
        await taken
        return Math.round(performance.now() - (told.at ?? 0))
      }
      if (signal?.aborted === true) throw problem
      if (tried === TRIES) {
        throw new BuildError(
          'CONTEXT_FAILED',
          `the build context could not be sent to pod ${pod}: ${problem.message}`,
          {
            fault: 'cluster',
            cause: problem
          }
        )
      }
      // That it did not arrive is not known any more, and mostly not so.
      if (told.at !== undefined) continue
      log(`The build context did not arrive whole (${problem.message}); sending it again.`)
      // The node may be away, and then refuses whatever it is asked.
      if (isKubeError(problem)) {
        await kube.awaitNode({ pod, container: CONTEXT_CONTAINER }, { signal: either })
      }
    }
  } finally {
    over.abort()
  }
}

/** Sends it once, until the receiver has ended well: the tree has its name then. */
async function send(
  kube: Kube,
  pod: string,
  archive: ContextArchive,
  onAccept: () => void,
  signal: AbortSignal
): Promise<undefined> {
  const target = { pod, container: CONTEXT_CONTAINER, command: RECEIVE_COMMAND, stdin: true }
  const stream = await kube.exec(target, { signal, repeatable: true })
  try {
    await transmit(stream, archive, { onAccept })
    const code = await stream.exit
    if (code !== 0) throw new TransferError(`the receiver ended with exit code ${code} after it was told to accept`)
  } finally {
    stream.close()
  }
}

/** @returns what another stream may mend; anything else is thrown */
function passing(error: unknown): Error {
  if (isPassing(error)) return error as Error
  throw error
}

function isPassing(error: unknown): boolean {
  return error instanceof TransferError || isKubeError(error, 'STREAM_LOST', 'EXEC_FAILED')
}

function hasTaken(pod: V1Pod): boolean {
  const status = pod.status?.initContainerStatuses?.find(container => container.name === CONTEXT_CONTAINER)
  return status?.state?.terminated !== undefined
}

/**
 * Speaks with the receiver (see `receiveScript`) until it was told that all is well.
 *
 * @param options `onAccept` is called before the pod is told to accept; `receiptMs`: the time for the pod's receipt, after the last byte
 * @throws TransferError when what came is not what was sent, BuildError from the archive
 */
export async function transmit(
  stream: ExecStream,
  archive: ContextArchive,
  { onAccept, receiptMs = RECEIPT_MS }: { readonly onAccept?: () => void; readonly receiptMs?: number } = {}
): Promise<void> {
  const complaints = collect(stream)
  // A receiver that ends, for lack of space for instance, ends the sending too; it has no reason to end before.
  const ended = stream.exit.then(
    code => new TransferError(`the receiver ended with exit code ${code}: ${complaints() || 'no reason given'}`),
    (error: unknown) => error
  )
  let isOver = false
  void ended.then(() => (isOver = true))
  const whileAlive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended.then(throwIt)])
  const receipt = readReceipt(stream)

  await whileAlive(stream.write(`${archive.bytes}\n`))
  const sent = await whileAlive(
    archive.send(async chunk => {
      if (isOver) throw new TransferError('the receiver has ended')
      await stream.write(chunk)
    })
  )
  const patience = receiptMs + archive.bytes / SLOWEST_BYTES_PER_MS
  const received = whileAlive(receipt)
  if (!(await settlesWithin(received, patience))) {
    throw new TransferError(`no receipt within ${Math.round(patience / 1000)} s`)
  }
  const sum = await received
  if (sum !== sent) throw new TransferError(`the receiver has ${sum}, sent was ${sent}`)
  onAccept?.()
  await whileAlive(stream.write('accept\n'))
}

function throwIt(error: unknown): never {
  throw error
}

/** Resolves with the hash that the receiver prints. */
function readReceipt(stream: ExecStream): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    stream.stdout.on('data', (chunk: Buffer | string) => {
      text = (text + chunk.toString()).slice(-200)
      const sum = /received ([0-9a-f]+)\n/.exec(text)?.[1]
      if (sum !== undefined) resolve(sum)
    })
  })
}

function collect(stream: ExecStream): () => string {
  let text = ''
  stream.stderr.on('data', (chunk: Buffer | string) => {
    if (text.length < 2000) text += chunk.toString()
  })
  return () => text.trim().replace(/\s*\n\s*/g, '; ')
}
