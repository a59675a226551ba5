import { spawn } from 'node:child_process'
import http from 'node:http'
import https from 'node:https'
import { Duplex, type Readable } from 'node:stream'
import { BuildError } from '@kaniko-hooks/builder'
import { spelledAddress, type DaemonAddress } from './address.js'

/** What is asked of a daemon. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Without a version: the daemon takes its own. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON for an object; a stream is sent as it comes. */
  readonly body?: object | Readable
  /** Statuses that are no error besides those of success. */
  readonly accept?: readonly number[]
  readonly signal?: AbortSignal
}

const MAX_ERROR_BYTES = 64 * 1024

const MAX_JSON_BYTES = 8 * 1024 * 1024

/**
 * The requests of Docker's Engine API that a build needs (https://docs.docker.com/reference/api/engine/). Each has a connection
 * of its own: there is nothing to close.
 */
export class EngineApi {
  readonly #address: DaemonAddress
  readonly #environment: NodeJS.ProcessEnv

  /** @param environment of ssh, for an address that needs it */
  constructor(address: DaemonAddress, environment: NodeJS.ProcessEnv) {
    this.#address = address
    this.#environment = environment
  }

  /**
   * Sends a request.
   *
   * @returns the answer with its body to be read
   * @throws BuildError `POD_FAILED` with what the daemon said, or why it cannot be reached
   */
  async send(request: EngineRequest): Promise<http.IncomingMessage> {
    const { method, path, accept = [] } = request
    const answer = await this.#exchange(request).catch((cause: unknown) => {
      if (request.signal?.aborted === true) throw request.signal.reason
      throw failed(`cannot be reached: ${(cause as Error).message}`, 'configuration', this.#address, cause)
    })
    const { statusCode: status = 0 } = answer
    if ((status >= 200 && status < 300) || accept.includes(status)) return answer
    const said = messageOf((await readAll(answer, MAX_ERROR_BYTES)).toString('utf8'))
    const fault = status >= 500 ? 'cluster' : 'configuration'
    throw failed(`answered ${method} ${path} with ${status}: ${said}`, fault, this.#address)
  }

  /** Sends a request and reads its answer as JSON; undefined for a status that was accepted besides. */
  async json<T>(request: EngineRequest): Promise<T | undefined> {
    const answer = await this.send(request)
    const body = await readAll(answer, MAX_JSON_BYTES)
    if ((answer.statusCode ?? 0) >= 300) return undefined
    try {
      return JSON.parse(body.toString('utf8')) as T
    } catch (cause) {
      throw failed(`answered ${request.path} with something else than JSON`, 'cluster', this.#address, cause)
    }
  }

  #exchange({ method, path, query = {}, headers = {}, body, signal }: EngineRequest): Promise<http.IncomingMessage> {
    const search = new URLSearchParams(query).toString()
    const isStream = body !== undefined && 'pipe' in body
    const text = body === undefined || isStream ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const outgoing = this.#open({
        method,
        path: search === '' ? path : `${path}?${search}`,
        headers: {
          host: 'docker',
          'user-agent': 'kbuild',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          // Some calls take no body at all, and chunks of none are not that.
          ...(body === undefined && method !== 'GET' && method !== 'HEAD' ? { 'content-length': 0 } : {}),
          ...headers
        },
        ...(signal === undefined ? {} : { signal })
      })
      outgoing.on('error', reject)
      outgoing.on('response', resolve)
      if (!isStream) {
        outgoing.end(text)
        return
      }
      body.on('error', error => outgoing.destroy(error))
      body.pipe(outgoing)
    })
  }

  #open(options: http.RequestOptions): http.ClientRequest {
    const address = this.#address
    if (address.kind === 'unix') return http.request({ ...options, agent: false, socketPath: address.path })
    if (address.kind === 'tcp') {
      const { host, port, tls } = address
      return tls === undefined
        ? http.request({ ...options, agent: false, host, port })
        : https.request({
            ...options,
            ...tls,
            agent: false,
            host,
            port,
            servername: /^[\d.:]+$/.test(host) ? '' : host
          })
    }
    // Without an agent, which would make connections of its own.
    return http.request({ ...options, createConnection: () => this.#dial(address) })
  }

  /** A connection through ssh, as docker's own client makes it (docker/cli, `connhelper`). */
  #dial({ destination, port, socket }: Extract<DaemonAddress, { kind: 'ssh' }>): Duplex {
    const words = [
      ...(port === undefined ? [] : ['-p', port]),
      ...['-o', 'ConnectTimeout=30', '-T', '--', destination, 'docker'],
      ...(socket === undefined ? [] : ['--host', `unix://${socket}`]),
      ...['system', 'dial-stdio']
    ]
    const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'pipe'], env: this.#environment })
    const connection = Duplex.from({ readable: child.stdout, writable: child.stdin })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-500)))
    child.on('error', error => connection.destroy(error))
    child.on('close', code => {
      if (code !== 0) connection.destroy(new Error(`ssh ended with exit code ${code ?? 'none'}: ${said.trim()}`))
    })
    connection.on('close', () => void child.kill())
    return connection
  }
}

/** Reads a body to its end, or so many bytes of it. */
export async function readAll(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxBytes - length))
    length += chunk.length
    if (length >= maxBytes) break
  }
  return Buffer.concat(chunks)
}

// A daemon's words may be those of a registry, and end in a log or on a terminal.
// eslint-disable-next-line no-control-regex -- they are what is removed
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g

/** What a daemon says, as one line of bounded length. */
export function withoutControls(text: string): string {
  return text.replace(CONTROL, ' ').trim().slice(0, 2_000)
}

function messageOf(text: string): string {
  try {
    const { message } = Object(JSON.parse(text)) as { readonly message?: unknown }
    if (typeof message === 'string') return withoutControls(message)
  } catch {
    // A proxy's own words.
  }
  return withoutControls(text)
}

function failed(why: string, fault: 'cluster' | 'configuration', address: DaemonAddress, cause?: unknown): BuildError {
  const message = `the Docker daemon at ${spelledAddress(address)} ${why}`
  return new BuildError('POD_FAILED', message, { fault, ...(cause === undefined ? {} : { cause }) })
}
