import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'

import type {
  DeleteRules,
  Fault,
  FaultAction,
  FaultCount,
  ProxyConfig,
  ProxyControl,
  ProxyRequestLine
} from '../../faults.js'
import { answer, authorizationScheme, bodyOf } from '../serve.js'
import { Upstream } from '../upstream.js'
import { refusalOf, type Refusal } from './delete-rules.js'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The code that the OCI specification has for a status. */
const CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  404: 'NAME_UNKNOWN',
  405: 'UNSUPPORTED',
  429: 'TOOMANYREQUESTS'
}

/** Passes requests on to a registry, unless a fault or the delete rules of a service have another answer; notes them all. */
export class RegistryProxy {
  readonly #upstream: Upstream
  #requests: Writable<ProxyRequestLine>[] = []
  #faults: Writable<FaultCount>[] = []
  #deleteRules: DeleteRules | null

  constructor(config: ProxyConfig) {
    this.#upstream = new Upstream(config.upstream, config.upstreamAuthority, config.tls === undefined)
    this.#deleteRules = config.deleteRules
  }

  /** Answers one request to the registry. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const line: Writable<ProxyRequestLine> = {
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: authorizationScheme(request)
    }
    this.#requests.push(line)
    response.on('finish', () => (line.status = response.statusCode))
    const fault = this.#faults.find(candidate => meets(candidate, line))
    if (fault === undefined) {
      void this.#serveWell(request, response)
      return
    }
    fault.met += 1
    line.fault = kindOf(fault.with)
    this.#serveBadly(request, response, fault.with)
  }

  /** Answers one request of a test: see ProxyControl. */
  async control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url as keyof ProxyControl
    if (request.method === 'PUT') this.#set(path, JSON.parse(await bodyOf(request)))
    const state: ProxyControl = {
      '/requests': this.#requests,
      '/faults': this.#faults,
      '/delete-rules': this.#deleteRules
    }
    answer(response, path in state ? 200 : 404, state[path])
  }

  #set(path: keyof ProxyControl, value: unknown): void {
    if (path === '/requests') this.#requests = value as ProxyRequestLine[]
    else if (path === '/faults') this.#faults = (value as Fault[]).map(fault => ({ ...fault, met: 0 }))
    else this.#deleteRules = value as DeleteRules | null
  }

  async #serveWell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await this.#refusal(request)
    if (refusal === undefined) this.#upstream.forward(request, response)
    else refuse(request, response, refusal)
  }

  async #refusal({ method, url, headers }: IncomingMessage): Promise<Refusal | undefined> {
    const match = /^\/v2\/(.+)\/manifests\/([^/?]+)$/.exec(url ?? '')
    if (method !== 'DELETE' || this.#deleteRules === null || match === null) return undefined
    const [, repository = '', reference = ''] = match
    return refusalOf(this.#deleteRules, reference, () =>
      this.#upstream.isTagged(repository, reference, headers.authorization)
    )
  }

  #serveBadly(request: IncomingMessage, response: ServerResponse, action: FaultAction): void {
    if ('hang' in action) return
    if ('answer' in action) {
      const { answer: status, retryAfter } = action
      const headers = {
        ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
        ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="registry"' } : {})
      }
      refuse(request, response, { status, code: CODES[status] ?? 'UNKNOWN', headers })
      return
    }
    const cut = limiter(action.cut, () => request.socket.destroy())
    const isUpload = ['POST', 'PUT', 'PATCH'].includes(request.method ?? '')
    this.#upstream.forward(request, response, isUpload ? { up: cut } : { down: cut })
  }
}

function meets({ method, path, times, met }: FaultCount, line: ProxyRequestLine): boolean {
  if (times !== 'always' && met >= times) return false
  if (method !== undefined && method !== line.method) return false
  return path === undefined || new RegExp(path).test(line.path)
}

function kindOf(action: FaultAction): 'answer' | 'hang' | 'cut' {
  if ('hang' in action) return 'hang'
  return 'cut' in action ? 'cut' : 'answer'
}

function refuse(request: IncomingMessage, response: ServerResponse, { status, code, headers }: Refusal): void {
  request.resume()
  if (code === undefined) {
    response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(`${status} page not found\n`)
    return
  }
  answer(response, status, { errors: [{ code, message: `the test's proxy says ${code}` }] }, headers)
}

/** A stream that passes fewer than so many bytes on, and then calls for the end. */
function limiter(bytes: number, end: () => void): Transform {
  let passed = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length
      if (passed < bytes) done(null, chunk)
      else end()
    },
    flush: end
  })
}
