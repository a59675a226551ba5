import * as http from 'node:http'
import * as https from 'node:https'
import { RegistryError } from './errors.js'

/** Where a registry is and how long to wait for it. */
export interface Endpoint {
  /** Host with optional port, as in an image reference. */
  readonly host: string
  readonly plainHttp: boolean
  /** PEM certificates to trust in place of the system's. */
  readonly ca: string | undefined
  readonly connectTimeoutMs: number
  /** From the request's first byte to the answer's last. */
  readonly answerTimeoutMs: number
}

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** An answer's body is cut after this many bytes. */
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  /** The body was longer than `maxBytes`. */
  readonly cut: boolean
}

/** Errors after which no second try can help within seconds: the name does not exist, or TLS does not fit. */
const DEFINITE = new Set(['ENOTFOUND', 'EPROTO', 'ERR_TLS_CERT_ALTNAME_INVALID'])

/**
 * One request and its whole answer, whatever its status; no retry, no redirect.
 *
 * @throws RegistryError `UNREACHABLE` when no whole answer came in time, `ABORTED`
 */
export function exchange(endpoint: Endpoint, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(`${endpoint.plainHttp ? 'http' : 'https'}://${endpoint.host}${request.path}`)
    const timers: NodeJS.Timeout[] = []
    const options: https.RequestOptions = {
      method: request.method,
      headers: request.headers,
      // A clean-up sends two requests: an idle socket that keeps the process alive costs more than it saves.
      agent: false,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca })
    }
    const outgoing = endpoint.plainHttp ? http.request(url, options) : https.request(url, options)

    const finish = (): void => timers.forEach(clearTimeout)
    const fail = (cause: unknown): void => {
      finish()
      reject(unreachable(endpoint, request, cause))
    }
    const expire = (ms: number, what: string): NodeJS.Timeout => {
      const timer = setTimeout(() => outgoing.destroy(new Error(`${what} within ${Math.round(ms / 100) / 10} s`)), ms)
      timers.push(timer)
      return timer
    }

    expire(endpoint.connectTimeoutMs + endpoint.answerTimeoutMs, 'no whole answer')
    const connecting = expire(endpoint.connectTimeoutMs, 'no connection')
    outgoing.on('socket', socket => {
      if (!socket.connecting) clearTimeout(connecting)
      socket.once(endpoint.plainHttp ? 'connect' : 'secureConnect', () => clearTimeout(connecting))
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
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks), cut })
      }
      incoming.on('end', settle)
      incoming.on('error', fail)
      incoming.on('close', () => {
        if (!incoming.complete && !cut) fail(new Error('the connection ended within the answer'))
      })
    })
    outgoing.end()
  })
}

function unreachable(endpoint: Endpoint, request: Request, cause: unknown): RegistryError {
  if (request.signal?.aborted === true) {
    return new RegistryError('ABORTED', `${request.method} ${endpoint.host}${request.path} was aborted`, { cause })
  }
  const { code = '', message = '' } = cause as { code?: string; message?: string }
  // Several addresses tried in turn give an AggregateError without a message.
  const said = message === '' ? code : message
  return new RegistryError(
    'UNREACHABLE',
    `the registry ${endpoint.host} cannot be reached: ${said || 'no reason given'}`,
    {
      cause,
      definite: DEFINITE.has(code) || code === 'ECONNREFUSED' || code.startsWith('CERT_') || code.includes('_CERT')
    }
  )
}

/** Whether another try within seconds can end otherwise. */
export function isPassing(error: RegistryError): boolean {
  if (error.code !== 'UNREACHABLE') return false
  return !error.definite || (error.cause as { code?: string }).code === 'ECONNREFUSED'
}
