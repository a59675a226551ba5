import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import type { SecureContext } from 'node:tls'
import { RegistryError } from './errors.js'
import { isPlainAnswer, withPlainHttpAdvice } from './plain-http.js'

/** How a client's requests travel, to the registry and to its token service alike. */
export interface Wire {
  /** Whom to trust; undefined for Node's own list. Asked for at the first TLS connection. */
  readonly trust: () => SecureContext | undefined
  readonly connectTimeoutMs: number
  /** From the request's first byte to the answer's last. */
  readonly answerTimeoutMs: number
  /** Further tries after a passing fault. */
  readonly retries: number
  /** The first pause between tries, doubled each time. */
  readonly pauseMs: number
}

export interface Request {
  /** Who is asked, in the words of an error: `the registry r.example.com`. */
  readonly whom: string
  readonly method: 'GET' | 'HEAD' | 'DELETE' | 'POST' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** A stream is opened for each try; its length stands in the headers. */
  readonly body?: string | Buffer | (() => Readable)
  /** In place of the wire's. */
  readonly answerTimeoutMs?: number
  readonly retries?: number
  /** An answer's body is cut after this many bytes. */
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

export interface Answer {
  /** Who answered; another place than the one that was asked when there were redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  /** The body was longer than `maxBytes`. */
  readonly cut: boolean
}

/** What to do about a connection's error that no second try within seconds can help. */
const DEFINITE: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', ''],
  ['EPROTO', ''],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ''],
  ...[
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  ].map(code => [code, ' (the certificate of its private authority has to be configured)'] as const)
])

/**
 * One request and its whole answer, whatever its status; no retry, no redirect. A user or password within the address
 * is not sent.
 *
 * @throws RegistryError `UNREACHABLE` when no whole answer came in time, `ABORTED`, `BAD_CERTIFICATE`
 */
export function exchange(wire: Wire, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.url)
    url.username = ''
    url.password = ''
    const plain = url.protocol === 'http:'
    const trust = plain ? undefined : wire.trust()
    const timers: NodeJS.Timeout[] = []
    const options: https.RequestOptions = {
      method: request.method,
      headers: request.headers,
      // A clean-up sends two requests: an idle socket that keeps the process alive costs more than it saves.
      agent: false,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(trust === undefined ? {} : { secureContext: trust })
    }
    const outgoing = plain ? http.request(url, options) : https.request(url, options)

    const finish = (): void => timers.forEach(clearTimeout)
    const fail = (cause: unknown): void => {
      finish()
      reject(unreachable(request, cause))
    }
    const expire = (ms: number, what: string): NodeJS.Timeout => {
      const timer = setTimeout(() => outgoing.destroy(new Error(`${what} within ${Math.round(ms / 100) / 10} s`)), ms)
      timers.push(timer)
      return timer
    }

    expire(wire.connectTimeoutMs + (request.answerTimeoutMs ?? wire.answerTimeoutMs), 'no whole answer')
    const connecting = expire(wire.connectTimeoutMs, 'no connection')
    outgoing.on('socket', socket => {
      if (!socket.connecting) clearTimeout(connecting)
      socket.once(plain ? 'connect' : 'secureConnect', () => clearTimeout(connecting))
    })
    outgoing.on('error', fail)
    outgoing.on('response', incoming => {
      const chunks: Buffer[] = []
      let kept = 0
      let cut = false
      incoming.on('data', (chunk: Buffer) => {
        const part = chunk.subarray(0, request.maxBytes - kept)
        kept += part.length
        chunks.push(part)
        if (part.length < chunk.length) {
          cut = true
          settle()
          outgoing.destroy()
        }
      })
      const settle = (): void => {
        finish()
        const { statusCode: status = 0, headers } = incoming
        resolve({ url, status, headers, body: Buffer.concat(chunks), cut })
      }
      incoming.on('end', settle)
      incoming.on('error', fail)
      incoming.on('close', () => {
        if (!incoming.complete && !cut) fail(new Error('the connection ended within the answer'))
      })
    })
    const { body } = request
    if (typeof body !== 'function') {
      outgoing.end(body)
      return
    }
    const content = body()
    content.on('error', error => outgoing.destroy(error))
    outgoing.on('close', () => content.destroy())
    content.pipe(outgoing)
  })
}

function unreachable(request: Request, cause: unknown): RegistryError {
  if (request.signal?.aborted === true) return aborted(request, cause)
  const { code = '', message = '' } = cause as { code?: string; message?: string }
  // Several addresses tried in turn give an AggregateError without a message, and OpenSSL's ends with a line break.
  const said = message.trim() || code
  const hint = DEFINITE.get(code)
  return new RegistryError(
    'UNREACHABLE',
    `${request.whom} cannot be reached: ${withPlainHttpAdvice(said || 'no reason given')}${hint ?? ''}`,
    {
      cause,
      definite:
        hint !== undefined ||
        code === 'ECONNREFUSED' ||
        code.startsWith('CERT_') ||
        code.includes('_CERT') ||
        isPlainAnswer(said)
    }
  )
}

export function aborted(request: Request, cause: unknown): RegistryError {
  return new RegistryError('ABORTED', `the ${request.method} request to ${request.whom} was aborted`, { cause })
}

/** Whether another try within seconds can end otherwise. */
export function isPassing(error: RegistryError): boolean {
  if (error.code !== 'UNREACHABLE') return false
  return !error.definite || (error.cause as { code?: string }).code === 'ECONNREFUSED'
}
