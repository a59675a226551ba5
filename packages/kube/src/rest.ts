import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as tlsConnect, createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { apiError } from './api-error.js'
import type { ClusterConfig } from './config.js'
import { errorField } from './error-field.js'
import { KubeError } from './errors.js'
import { Outage } from './outage.js'
import { abortedError, retryVerdict, throwIfAborted, withRetry } from './retry.js'
import type { RetryOptions, RetryVerdict } from './retry.js'

const CONNECT_TIMEOUT_MS = 8_000
const READ_TIMEOUT_MS = 15_000
/** Admission webhooks may take 30 s. */
const WRITE_TIMEOUT_MS = 40_000
/** Load balancers forget idle connections without a word; an older socket is not worth the doubt. */
const IDLE_SOCKET_MS = 30_000
/** API servers give up a connection on which nothing is asked for half a minute, load balancers perhaps earlier. */
const AHEAD_MS = 10_000
const MAX_AHEAD = 2
const DEFAULT_RETRY_FOR_MS = 300_000
const DEFAULT_FIRST_CONTACT_MS = 20_000
/** For so long after it gave no answer, an API server is taken for one that has just begun. */
const STARTING_MS = 30_000

export interface RestOptions {
  readonly retryForMs?: number
  readonly firstContactMs?: number
  readonly onRetry?: (why: string) => void
  readonly onOutage?: (sentence: string) => void
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: object
  readonly signal?: AbortSignal | undefined
  /** For messages, as the end of "Kubernetes refused to …". */
  readonly what: string
}

/** An {@link ApiRequest}, and what is known of the worth of repeating it. */
type RepeatedRequest = ApiRequest & Pick<RetryOptions, 'verdict' | 'outlook'>

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** What is repeated, for messages and for the judgement. */
export interface RetryingOptions extends Pick<RetryOptions, 'signal' | 'verdict' | 'outlook'> {
  readonly method: ApiRequest['method']
  readonly what: string
}

/**
 * HTTP to one API server: one keep-alive connection where possible, the token read for each request, never a proxy,
 * every failure a KubeError. Requests are repeated as `retryVerdict` says; only send what may be sent twice.
 */
export class Rest {
  readonly #config: ClusterConfig
  readonly #options: RestOptions
  readonly #tls: ConnectionOptions | undefined
  readonly #agent: http.Agent
  readonly #outage: Outage
  /** Connections that were opened ahead. */
  readonly #ahead = new Map<Socket, { readonly since: number; isReady: boolean }>()
  #answered = false
  #silentAt = -Infinity
  #lastUse = 0
  #requests = 0

  constructor(config: ClusterConfig, options: RestOptions = {}) {
    this.#config = config
    this.#options = options
    this.#outage = new Outage(options.onOutage ?? (() => undefined))
    if (config.server.protocol === 'https:') {
      const { ca, clientCertificate: cert, clientKey: key, serverName } = config
      this.#tls = {
        // Parsed once, not for each connection.
        secureContext: createSecureContext({ ca, cert, key }),
        rejectUnauthorized: config.insecure !== true,
        ...(serverName !== undefined && { servername: serverName })
      }
      this.#agent = new https.Agent({ keepAlive: true, ...this.#tls })
    } else {
      this.#agent = new http.Agent({ keepAlive: true })
    }
  }

  /** Requests sent and streams opened so far, repetitions included. */
  get requests(): number {
    return this.#requests
  }

  /** Sends a request, with retry, and parses the answer. */
  async json<T>(request: ApiRequest): Promise<T> {
    return this.retrying(() => this.jsonOnce<T>(request), request)
  }

  /** The same without retry. */
  async jsonOnce<T>(request: ApiRequest): Promise<T> {
    const text = await this.#text(await this.#send(request), request)
    try {
      return JSON.parse(text) as T
    } catch (cause) {
      throw new KubeError('API', `The answer to "${request.what}" is not JSON.`, { cause })
    }
  }

  /** Opens a response of any length, with retry until its head has come; the body is the caller's. */
  async open(request: RepeatedRequest): Promise<http.IncomingMessage> {
    return this.retrying(() => this.#send(request), request)
  }

  /** The same without retry. */
  async openOnce(request: ApiRequest): Promise<http.IncomingMessage> {
    return this.#send(request)
  }

  /** Repeats an attempt within this connection's budgets. A POST makes something; all else is about what is there. */
  retrying<T>(attempt: (number: number) => Promise<T>, request: RetryingOptions): Promise<T> {
    const { retryForMs = DEFAULT_RETRY_FOR_MS, firstContactMs = DEFAULT_FIRST_CONTACT_MS, onRetry } = this.#options
    const { signal, method, what, outlook } = request
    const kind = method === 'POST' ? 'create' : 'existing'
    const judge = request.verdict ?? ((error: unknown): RetryVerdict => retryVerdict(error, kind))
    return withRetry(attempt, {
      signal,
      verdict: error => (this.#isStarting(error) ? 'outage' : judge(error)),
      outlook,
      onRetry,
      outage: { told: this.#outage, what },
      budgetMs: () => (this.#answered ? retryForMs : Math.min(firstContactMs, retryForMs))
    })
  }

  /** An API server that has just begun knows neither roles nor accounts yet, and refuses what it will allow. */
  #isStarting(error: unknown): boolean {
    if (!(error instanceof KubeError)) return false
    const now = performance.now()
    if (error.code === 'UNREACHABLE' && error.fault === 'cluster') this.#silentAt = now
    return (error.status === 401 || error.code === 'FORBIDDEN') && now - this.#silentAt < STARTING_MS
  }

  /** The absolute address of a path. */
  url(path: string, query: Query = {}): URL {
    const { server } = this.#config
    const url = new URL(server)
    url.pathname = server.pathname.replace(/\/$/, '') + path
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue
      for (const item of Array.isArray(value) ? (value as readonly string[]) : [value]) {
        url.searchParams.append(name, String(item))
      }
    }
    return url
  }

  /** Headers that sign a request in. */
  async headers(): Promise<Record<string, string>> {
    const token = await this.#config.token()
    return {
      'User-Agent': 'kaniko-hooks',
      Accept: 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` })
    }
  }

  /** A connection of its own, for a stream. `onReady` is called once requests can be written to it. */
  socket(onReady: () => void): Socket {
    const now = performance.now()
    for (const [socket, { since, isReady }] of this.#ahead) {
      this.#ahead.delete(socket)
      if (socket.destroyed || now - since > AHEAD_MS) {
        socket.destroy()
        continue
      }
      socket.ref()
      if (isReady) process.nextTick(onReady)
      else socket.once(this.#tls === undefined ? 'connect' : 'secureConnect', onReady)
      return socket
    }
    return this.#connect(onReady)
  }

  /** Begins a connection for the next stream: the handshakes are over when the stream is wanted. Nobody need want one. */
  connectAhead(): void {
    if (this.#ahead.size >= MAX_AHEAD) return
    const state = { since: performance.now(), isReady: false }
    const socket = this.#connect(() => (state.isReady = true)).unref()
    // Whoever takes it hears of its error; else nobody is concerned.
    socket.on('error', () => undefined)
    socket.once('close', () => this.#ahead.delete(socket))
    this.#ahead.set(socket, state)
  }

  #connect(onReady: () => unknown): Socket {
    const { hostname, port, protocol } = this.#config.server
    const host = hostname.replace(/^\[|\]$/g, '')
    const portNumber = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port)
    const to = { host, port: portNumber, keepAlive: true, keepAliveInitialDelay: 5_000 }
    const ready = (): void => {
      clearTimeout(timer)
      onReady()
    }
    const socket =
      this.#tls === undefined
        ? connect(to, ready)
        : tlsConnect({ ...to, servername: isName(host) ? host : '', ...this.#tls }, ready)
    const timer = setTimeout(() => {
      socket.destroy(new NetworkTimeout(`no connection for ${CONNECT_TIMEOUT_MS / 1000} s`))
    }, CONNECT_TIMEOUT_MS)
    socket.once('close', () => clearTimeout(timer))
    return socket
  }

  /** Counts a request or stream that goes out. */
  countRequest(): void {
    this.#requests += 1
  }

  /** From now on an outage is an outage, no longer a wrong address. */
  markAnswered(): void {
    this.#answered = true
  }

  /** Wraps what the network did in a KubeError that says what to check. */
  networkError(what: string, cause: unknown): KubeError {
    const code = errorField(cause, 'code') ?? 'unknown error'
    const detail = errorField(cause, 'message') ?? code
    const { host } = this.#config.server
    if (isCertificateCode(code)) {
      return new KubeError(
        'UNREACHABLE',
        `Could not ${what}: the certificate of the Kubernetes API at ${host} is not trusted: ${detail}. ` +
          'Check the certificate authority of the configuration.',
        { cause, fault: 'configuration' }
      )
    }
    return new KubeError(
      'UNREACHABLE',
      `Could not ${what}: no answer from the Kubernetes API at ${host} (${detail}).` +
        (this.#answered ? '' : ' Check the address, the network policies and the DNS of the runner pod.'),
      { cause }
    )
  }

  /** Ends idle connections, so that the process can exit. */
  close(): void {
    this.#agent.destroy()
    for (const socket of this.#ahead.keys()) socket.destroy()
  }

  async #send(request: ApiRequest): Promise<http.IncomingMessage> {
    const { method, signal, what } = request
    throwIfAborted(signal)
    this.#dropOldSockets()
    const url = this.url(request.path, request.query)
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const headers: Record<string, string> = await this.headers()
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json'
      headers['Content-Length'] = String(body.length)
    }
    this.#requests += 1
    const answerTimeout = method === 'GET' ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS
    let response: http.IncomingMessage
    try {
      response = await send(url, { method, headers, agent: this.#agent, signal }, body, answerTimeout)
    } catch (error) {
      this.#dropIdleSockets()
      if (signal?.aborted === true) throw abortedError(signal)
      throw this.networkError(what, error)
    }
    this.#answered = true
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    throw apiError({
      what,
      status,
      body: await this.#text(response, request),
      retryAfter: response.headers['retry-after']
    })
  }

  async #text(response: http.IncomingMessage, { signal, what }: ApiRequest): Promise<string> {
    const chunks: Buffer[] = []
    response.setTimeout(READ_TIMEOUT_MS, () => response.destroy(new NetworkTimeout('the answer stopped in the middle')))
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer)
    } catch (error) {
      this.#dropIdleSockets()
      if (signal?.aborted === true) throw abortedError(signal)
      throw this.networkError(what, error)
    }
    this.#lastUse = performance.now()
    return Buffer.concat(chunks).toString('utf8')
  }

  #dropOldSockets(): void {
    if (performance.now() - this.#lastUse > IDLE_SOCKET_MS) this.#dropIdleSockets()
  }

  // What broke one connection has mostly broken the others too, and each would cost a timeout.
  #dropIdleSockets(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy()
    }
  }
}

interface SendOptions {
  readonly method: string
  readonly headers: Record<string, string>
  readonly agent: http.Agent
  readonly signal: AbortSignal | undefined
}

function send(
  url: URL,
  { signal, ...options }: SendOptions,
  body: Buffer | undefined,
  answerTimeoutMs: number
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const request = (secure ? https : http).request(url, signal === undefined ? options : { ...options, signal })
    const giveUp = (what: string, ms: number): void => {
      request.destroy(new NetworkTimeout(`${what} for ${ms / 1000} s`))
    }
    const awaitAnswer = (): NodeJS.Timeout => setTimeout(giveUp, answerTimeoutMs, 'no answer', answerTimeoutMs)
    let timer = setTimeout(giveUp, CONNECT_TIMEOUT_MS, 'no connection', CONNECT_TIMEOUT_MS)
    request.once('socket', socket => {
      const connected = (): void => {
        clearTimeout(timer)
        timer = awaitAnswer()
      }
      if (request.reusedSocket) {
        connected()
        return
      }
      // A signal that fires while the socket goes back to the pool would find no listener for its error.
      socket.on('error', () => undefined)
      socket.once(secure ? 'secureConnect' : 'connect', connected)
    })
    request.once('response', response => {
      clearTimeout(timer)
      // An interim listener: a body that nobody reads yet must not end the process with its error.
      response.on('error', () => undefined)
      resolve(response)
    })
    request.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    request.end(body)
  })
}

class NetworkTimeout extends Error {
  readonly code = 'ETIMEDOUT'
}

// The codes of OpenSSL's X509_V_ERR_* as node names them, and node's own check of the host name.
function isCertificateCode(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(
    code
  )
}

function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(':')
}
