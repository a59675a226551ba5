import { type ExecStream, isKubeError, type Kube, type V1Pod, waitForPod } from '@kaniko-hooks/kube'
import { BuildError } from '../errors.js'
import type { ContextArchive } from '../context/pack.js'
import { CONTEXT_CONTAINER } from './kaniko-pod.js'
import { RECEIVE_COMMAND } from './receive-script.js'

/** A transfer that may go well the next time. */
class TransferError extends Error {
  override readonly name = 'TransferError'
}

const TRIES = 3

/** How long the receiver may take to acknowledge, after the last byte was sent. */
const RECEIPT_MS = 10_000

/** And in addition for what may still be on its way. */
const SLOWEST_BYTES_PER_MS = 10 * 1024

/** From the acceptance until the init container has noticed it. */
const NOTICE_MS = 15_000

/**
 * Brings a context into the build pod: by an exec into its waiting init container, with the length announced, the hash
 * compared, and the whole transfer repeated on a new stream when either is wrong. It returns when the init container has
 * ended well, so that the build may begin.
 *
 * @throws BuildError `CONTEXT_FAILED`; KubeError
 */
export async function deliverContext(
  kube: Kube,
  pod: string,
  archive: ContextArchive,
  options: { readonly signal?: AbortSignal; readonly log: (line: string) => void }
): Promise<void> {
  const limits = options.signal === undefined ? {} : { signal: options.signal }
  for (let tried = 1; ; tried++) {
    let stream: ExecStream | undefined
    try {
      const target = { pod, container: CONTEXT_CONTAINER, command: RECEIVE_COMMAND, stdin: true }
      stream = await kube.exec(target, { ...limits, repeatable: true })
      await transmit(stream, archive)
      await waitForPod(kube, pod, hasTaken, { ...limits, timeoutMs: NOTICE_MS })
      return
    } catch (error) {
      if (options.signal?.aborted === true || !isPassing(error)) throw error
      const why = (error as Error).message
      if (tried === TRIES) {
        throw new BuildError('CONTEXT_FAILED', `the build context could not be sent to pod ${pod}: ${why}`, {
          fault: 'cluster',
          cause: error
        })
      }
      options.log(`The build context did not arrive whole (${why}); sending it again.`)
    } finally {
      stream?.close()
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof TransferError || isKubeError(error, 'STREAM_LOST', 'EXEC_FAILED', 'TIMEOUT')
}

function hasTaken(pod: V1Pod): boolean {
  const status = pod.status?.initContainerStatuses?.find(container => container.name === CONTEXT_CONTAINER)
  return status?.state?.terminated !== undefined
}

/**
 * Speaks with the receiver (see `receiveScript`) until it was told that all is well.
 *
 * @throws TransferError when what came is not what was sent, BuildError from the archive
 */
export async function transmit(stream: ExecStream, archive: ContextArchive, receiptMs = RECEIPT_MS): Promise<void> {
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
  const received = await within(patience, whileAlive(receipt))
  if (received !== sent) throw new TransferError(`the receiver has ${received}, sent was ${sent}`)
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

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TransferError(`no receipt within ${Math.round(ms / 1000)} s`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
