import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { apiError, parseStatus, readable } from './api-error.js'
import type { ApiStatus, Right } from './api-error.js'
import { KubeError, isKubeError } from './errors.js'
import { nameObject, resourcePath } from './resources.js'
import type { Rest } from './rest.js'
import { abortedError, throwIfAborted } from './retry.js'
import type { RetryOptions } from './retry.js'

/** Only v5 can end standard input alone (KEP-4006, API servers from 1.30 on). */
const V5 = 'v5.channel.k8s.io'
const V4 = 'v4.channel.k8s.io'

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const

/** From Kubernetes 1.35 on; `get`, which the upgrade's method suggests, is needed too. */
const EXEC_RIGHT: Right = { verb: 'create', resource: 'pods/exec', group: '' }

const STDIN_CHUNK = 32 * 1024 - 1
const STDIN_HIGH_WATER = 1024 * 1024
const STDIN_LOW_WATER = 512 * 1024
/** A message of so few bytes finds room in the kernel's buffer on a dead connection too, and in the container's pipe. */
const WORD_BYTES = 256
const OUTPUT_HIGH_WATER = 256 * 1024
const HANDSHAKE_TIMEOUT_MS = 20_000
const ERROR_BODY_LIMIT = 64 * 1024
/** The server closes right after the status; a status whose close was lost on the way is as good. */
const CLOSE_GRACE_MS = 2_000
/** The server answers no ping while the container does not read its input. */
const STDIN_PATIENCE = 3

export interface ExecTarget {
  readonly pod: string
  readonly container: string
  /** Constant words only: API audit logs record them. */
  readonly command: readonly string[]
  /** Opens standard input; default false. */
  readonly stdin?: boolean
}

export interface ExecOptions {
  /** Cuts the connection; `exit` rejects with ABORTED. The command is not told. */
  readonly signal?: AbortSignal
  /**
   * The command may be run twice: a connection that breaks before the stream is open is then tried again. Without it
   * that is `STREAM_LOST`, since the command may have begun. Default false.
   */
  readonly repeatable?: boolean
}

export interface Heartbeat {
  /** Pause between pings. */
  readonly everyMs: number
  /** The connection is lost after this silence, checked at each ping. */
  readonly deadlineMs: number
}

/** A command in a container, by one WebSocket. */
export interface ExecStream {
  /**
   * Standard output. When the reader stops, the socket is paused, so both outputs have to be read (or `resume()`d).
   * Destroyed with the error of `exit` when the connection is lost: what was read before is what there is.
   */
  readonly stdout: Readable
  readonly stderr: Readable
  /**
   * Sends to standard input; resolves when the socket took it (less than 1 MiB waits). Rejects with the error of
   * `exit`, or with EXEC_FAILED when the command ended first. Call it again only after it resolved.
   */
  write(chunk: Uint8Array | string): Promise<void>
  /** Ends standard input. With subprotocol v4 (API servers before 1.30) the container does not see it. */
  end(): void
  /**
   * The exit code, after the server has sent both outputs whole and their readers have taken them (an output that
   * nobody began to read is not waited for). Rejects with STREAM_LOST when the connection ended without a status,
   * EXEC_FAILED when the command could not be run, ABORTED. Keeps the process alive until it settles.
   */
  readonly exit: Promise<number>
  /** Cuts the connection; `exit` rejects with ABORTED unless it was settled. The command is not told and may go on. */
  close(): void
}

/** Opens the stream. See `Kube.exec`. */
export async function openExec(
  rest: Rest,
  namespace: string,
  target: ExecTarget,
  options: ExecOptions & {
    readonly heartbeat: Heartbeat
    readonly retry: Required<Pick<RetryOptions, 'verdict' | 'outlook'>>
  }
): Promise<ExecStream> {
  const { signal, repeatable = false, heartbeat, retry } = options
  const where = `container "${target.container}" of ${nameObject('pods', namespace, target.pod)}`
  const url = rest.url(resourcePath('pods', namespace, target.pod, 'exec'), {
    container: target.container,
    command: target.command,
    stdin: target.stdin ?? false,
    stdout: true,
    stderr: true,
    tty: false
  })
  const what = `run a command in ${where}`
  const socket = await rest.retrying(() => handshake(rest, url, what, signal), {
    ...retry,
    signal,
    method: 'GET',
    what,
    verdict: error => (repeatable && isKubeError(error, 'STREAM_LOST') ? 'outage' : retry.verdict(error))
  })
  return new ExecSocket(socket, where, target.stdin ?? false, heartbeat, signal)
}

function handshake(rest: Rest, url: URL, what: string, signal: AbortSignal | undefined): Promise<WebSocket> {
  return rest.headers().then(
    headers =>
      new Promise((resolve, reject) => {
        throwIfAborted(signal)
        rest.countRequest()
        let connected = false
        const socket = new WebSocket(url, [V5, V4], {
          headers,
          handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
          perMessageDeflate: false,
          skipUTF8Validation: true,
          createConnection: () => rest.socket(() => (connected = true))
        })
        const settle = (): void => {
          signal?.removeEventListener('abort', abort)
          socket.removeAllListeners()
          // A socket that is thrown away may still report an error.
          socket.on('error', () => undefined)
        }
        const fail = (error: Error): void => {
          settle()
          socket.terminate()
          reject(error)
        }
        const abort = (): void => {
          if (signal !== undefined) fail(abortedError(signal))
        }
        signal?.addEventListener('abort', abort, { once: true })
        socket.once('open', () => {
          rest.markAnswered()
          // Frames may follow the answer in the same packet; they wait until somebody listens.
          socket.pause()
          settle()
          resolve(socket)
        })
        socket.once('unexpected-response', (_request, response) => {
          rest.markAnswered()
          const status = response.statusCode ?? 0
          void readStart(response).then(body =>
            fail(apiError({ what, status, body, retryAfter: response.headers['retry-after'], needs: EXEC_RIGHT }))
          )
        })
        socket.once('error', cause =>
          fail(
            connected
              ? new KubeError(
                  'STREAM_LOST',
                  `Could not ${what}: the connection broke before the Kubernetes API answered (${cause.message}). ` +
                    'The command may have begun.',
                  { cause }
                )
              : rest.networkError(what, cause)
          )
        )
      })
  )
}

/** The start of an error's body; what cannot be read of it is left out, the status says enough. */
async function readStart(response: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const read = async (): Promise<void> => {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      length += (chunk as Buffer).length
      if (length > ERROR_BODY_LIMIT) break
    }
  }
  await Promise.race([read().catch(() => undefined), sleep(5_000, undefined, { ref: false })])
  response.destroy()
  return Buffer.concat(chunks).toString('utf8')
}

class ExecSocket implements ExecStream {
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exit: Promise<number>

  readonly #socket: WebSocket
  readonly #where: string
  readonly #heartbeat: Heartbeat
  readonly #timer: NodeJS.Timeout
  readonly #full = new Set<Readable>()
  readonly #waitingWriters = new Set<() => void>()
  readonly #forgetSignal: () => void
  readonly #resolve: (code: number) => void
  readonly #reject: (error: KubeError) => void

  #statusText = ''
  #status: ApiStatus | undefined
  #closeGrace: NodeJS.Timeout | undefined
  /** Why no more input is taken. */
  #over: KubeError | undefined
  #inputEnded: boolean
  #alive = true
  #silentTicks = 0
  #inputUnderWay = false

  constructor(socket: WebSocket, where: string, stdin: boolean, heartbeat: Heartbeat, signal: AbortSignal | undefined) {
    this.#socket = socket
    this.#where = where
    this.#inputEnded = !stdin
    this.#heartbeat = heartbeat
    let resolve: (code: number) => void = () => undefined
    let reject: (error: KubeError) => void = () => undefined
    this.exit = new Promise((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    this.#resolve = resolve
    this.#reject = reject
    // A caller that awaits the promise gets the error; a process whose caller does not must not end of it.
    this.exit.catch(() => undefined)
    this.stdout = this.#output()
    this.stderr = this.#output()

    // This timer also keeps the process alive until the exit code is known: a socket that died does not.
    this.#timer = setInterval(() => this.#tick(), heartbeat.everyMs)
    const abort = (): void => this.#lose(signal === undefined ? this.#closedByCaller() : abortedError(signal))
    signal?.addEventListener('abort', abort, { once: true })
    this.#forgetSignal = () => signal?.removeEventListener('abort', abort)

    socket.on('message', data => this.#receive(data as Buffer))
    socket.on('pong', () => this.#showLife())
    socket.on('ping', () => this.#showLife())
    let socketError: Error | undefined
    socket.on('error', error => (socketError = error))
    socket.on('close', (code, reason) => {
      if (this.#over !== undefined) return
      if (this.#status !== undefined) this.#complete(this.#status)
      else this.#lose(this.#lostError(closeDetail(code, reason, socketError), socketError))
    })
    socket.resume()
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (this.#inputEnded) throw new TypeError('standard input is not open')
    for (let start = 0; start < bytes.length; start += STDIN_CHUNK) {
      if (this.#over !== undefined) throw this.#over
      this.#send(frame(CHANNEL.stdin, bytes.subarray(start, start + STDIN_CHUNK)))
      if (this.#socket.bufferedAmount >= STDIN_HIGH_WATER) {
        await new Promise<void>(resume => this.#waitingWriters.add(resume))
      }
    }
    if (this.#over !== undefined) throw this.#over
  }

  end(): void {
    if (this.#inputEnded) return
    this.#inputEnded = true
    if (this.#socket.protocol === V5) this.#send(Buffer.from([CHANNEL.close, CHANNEL.stdin]))
  }

  close(): void {
    this.#lose(this.#closedByCaller())
    // Who closes takes no more of what a command that has ended left: its exit code need not wait for that.
    this.stdout.destroy()
    this.stderr.destroy()
  }

  #send(message: Buffer): void {
    const isWord = message.length <= WORD_BYTES
    if (!isWord) this.#inputUnderWay = true
    this.#socket.send(message, { binary: true }, () => {
      // The kernel took it, so what was sent before is on its way.
      if (!isWord) this.#alive = true
      if (this.#socket.bufferedAmount < STDIN_LOW_WATER) this.#wakeWriters()
    })
  }

  #wakeWriters(): void {
    for (const resume of this.#waitingWriters) resume()
    this.#waitingWriters.clear()
  }

  #output(): Readable {
    const stream: Readable = new Readable({
      highWaterMark: OUTPUT_HIGH_WATER,
      read: () => this.#release(stream),
      destroy: (error, done) => {
        this.#release(stream)
        done(error)
      }
    })
    // The loss is also told by `exit`; an output that nobody reads must not end the process with it.
    stream.on('error', () => undefined)
    return stream
  }

  #release(stream: Readable): void {
    if (!this.#full.delete(stream) || this.#full.size > 0) return
    // Nothing could be heard while the socket was paused.
    this.#showLife()
    this.#socket.resume()
  }

  #receive(message: Buffer): void {
    this.#showLife()
    // The server opens each channel with an empty frame.
    if (this.#over !== undefined || message.length < 2) return
    const payload = message.subarray(1)
    const channel = message[0]
    if (channel === CHANNEL.stdout) this.#deliver(this.stdout, payload)
    else if (channel === CHANNEL.stderr) this.#deliver(this.stderr, payload)
    else if (channel === CHANNEL.status) {
      this.#statusText += payload.toString('utf8')
      this.#status = parseStatus(this.#statusText)
      if (this.#status !== undefined) this.#awaitClose()
    }
  }

  #deliver(stream: Readable, payload: Buffer): void {
    if (stream.destroyed || stream.push(payload)) return
    this.#full.add(stream)
    this.#socket.pause()
  }

  #awaitClose(): void {
    clearTimeout(this.#closeGrace)
    this.#closeGrace = setTimeout(() => {
      if (this.#over !== undefined || this.#status === undefined) return
      if (this.#socket.isPaused) this.#awaitClose()
      else this.#complete(this.#status)
    }, CLOSE_GRACE_MS)
  }

  #showLife(): void {
    this.#alive = true
    this.#inputUnderWay = false
  }

  // Counts pings without an answer rather than time: a process that was stopped for a minute has missed one, not twelve.
  #tick(): void {
    if (this.#over !== undefined) return
    this.#silentTicks = this.#alive || this.#socket.isPaused ? 0 : this.#silentTicks + 1
    const { everyMs, deadlineMs } = this.#heartbeat
    const allowed = Math.max(1, Math.ceil(deadlineMs / everyMs)) * (this.#inputUnderWay ? STDIN_PATIENCE : 1)
    if (this.#silentTicks >= allowed) {
      const seconds = (this.#silentTicks * everyMs) / 1000
      this.#lose(this.#lostError(`neither data nor an answer to pings for ${seconds} s`))
      return
    }
    this.#alive = false
    this.#socket.ping()
  }

  /** The server is done: both outputs are whole. */
  #complete(status: ApiStatus): void {
    this.#stop(
      new KubeError('EXEC_FAILED', `The command in ${this.#where} ended before it took all of its input.`, {
        fault: 'user'
      })
    )
    this.stdout.push(null)
    this.stderr.push(null)
    const result = exitCode(status)
    void Promise.all([taken(this.stdout), taken(this.stderr)]).then(() => {
      clearInterval(this.#timer)
      if (result !== undefined) {
        this.#resolve(result)
        return
      }
      const said = readable(status.message ?? 'no reason was given')
      this.#reject(
        new KubeError('EXEC_FAILED', `The command could not be run in ${this.#where}: ${said}`, {
          ...(status.code !== undefined && { status: status.code }),
          ...(status.reason !== undefined && { reason: status.reason })
        })
      )
    })
  }

  #lose(error: KubeError): void {
    if (this.#over !== undefined) return
    this.#stop(error)
    clearInterval(this.#timer)
    this.stdout.destroy(error)
    this.stderr.destroy(error)
    this.#reject(error)
  }

  #stop(over: KubeError): void {
    this.#over = over
    this.#forgetSignal()
    clearTimeout(this.#closeGrace)
    this.#socket.terminate()
    this.#wakeWriters()
  }

  #lostError(detail: string, cause?: unknown): KubeError {
    return new KubeError(
      'STREAM_LOST',
      `The connection to the command in ${this.#where} was lost before its exit code came (${detail}). ` +
        'The command may still run.',
      { cause }
    )
  }

  #closedByCaller(): KubeError {
    return new KubeError('ABORTED', `The connection to the command in ${this.#where} was closed.`)
  }
}

/** Waits until the reader of an ended stream has taken all of it. */
function taken(stream: Readable): Promise<void> {
  const begun = stream.readableFlowing !== null || stream.readableDidRead || stream.listenerCount('readable') > 0
  if (!begun || stream.readableEnded || stream.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    stream.once('end', resolve)
    stream.once('close', resolve)
  })
}

/** The code in the status of `remotecommand`, or nothing when the command was not run. */
function exitCode(status: ApiStatus): number | undefined {
  if (status.status === 'Success') return 0
  if (status.reason !== 'NonZeroExitCode') return undefined
  const code = Number(status.details?.causes?.find(cause => cause.reason === 'ExitCode')?.message)
  // A failure whose code cannot be read is still a failure.
  return Number.isInteger(code) && code !== 0 ? code : 1
}

function frame(channel: number, payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(payload.length + 1)
  message[0] = channel
  message.set(payload, 1)
  return message
}

function closeDetail(code: number, reason: Buffer, error: Error | undefined): string {
  if (error !== undefined) return error.message
  if (code === 1006) return 'it broke'
  const text = reason.toString('utf8')
  return `closed by the other side, code ${code}${text === '' ? '' : `: ${text}`}`
}
