import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { TokenRequestLine, TokenServiceConfig, TokenUser } from '../../token-rules.js'
import { answer, authorizationScheme, bodyOf } from '../serve.js'
import { Upstream } from '../upstream.js'
import { tokenOf, type Access } from './token.js'

/** A password or an identity token, as a request gave it. */
interface Login {
  readonly username?: string
  readonly secret: string
}

/** Where distribution sends its clients when it is told to take them back to the host that they came to: 3 and 2. */
const TOKEN_PATHS = ['/auth/token', '/auth/token/']

/**
 * Docker's token service: GET with Basic credentials, and POST as OAuth 2 has it, with a password or an identity token.
 * A request without credentials gets a token that allows nothing, as Docker Hub does it for private repositories.
 * Everything else goes on to the registry, so that both have one host and port, as with Harbor: crane refuses to fetch a
 * token from a private address that is not the registry's own.
 */
export class TokenService {
  readonly #config: TokenServiceConfig
  readonly #certificate: string
  readonly #key: Buffer
  readonly #upstream: Upstream
  readonly #requests: TokenRequestLine[] = []

  constructor(config: TokenServiceConfig) {
    this.#config = config
    this.#certificate = readFileSync(config.tls.certificate, 'utf8')
    this.#key = readFileSync(config.tls.key)
    this.#upstream = new Upstream(config.upstream, config.upstreamAuthority, false)
  }

  /** Answers one request: for a token, for the log of such requests, or to the registry. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://token.service')
    if (url.pathname === '/requests') answer(response, 200, this.#requests)
    else if (TOKEN_PATHS.includes(url.pathname)) void this.#login(request, response, url)
    else this.#upstream.forward(request, response)
  }

  async #login(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const form = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams
    const login = request.method === 'POST' ? fromForm(form) : fromHeader(request)
    const user = login === undefined ? undefined : this.#userOf(login)
    const asked = form.getAll('scope').flatMap(scopes => scopes.split(' ').filter(scope => scope !== ''))
    const access = asked.flatMap(scope => allowed(scope, user))
    const isWelcome = login === undefined || user !== undefined
    this.#requests.push({
      method: request.method ?? '',
      path: url.pathname + url.search,
      status: isWelcome ? 200 : 401,
      authorization: authorizationScheme(request),
      user: user?.username ?? null,
      asked,
      granted: access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`)
    })
    if (isWelcome) this.#give(response, user, access, form)
    else answer(response, 401, { details: 'incorrect username or password' })
  }

  #give(response: ServerResponse, user: TokenUser | undefined, access: readonly Access[], form: URLSearchParams): void {
    const { issuer, service, lifetime } = this.#config
    const claims = { issuer, service, lifetime, access, user: user?.username ?? '' }
    const token = tokenOf(claims, this.#certificate, this.#key)
    const isKept = form.get('offline_token') === 'true' || form.get('access_type') === 'offline'
    answer(response, 200, {
      token,
      access_token: token,
      expires_in: lifetime,
      issued_at: new Date().toISOString(),
      ...(isKept && user !== undefined ? { refresh_token: user.identityToken } : {})
    })
  }

  #userOf({ username, secret }: Login): TokenUser | undefined {
    return this.#config.users.find(user =>
      username === undefined ? user.identityToken === secret : user.username === username && user.password === secret
    )
  }
}

function fromHeader(request: IncomingMessage): Login | undefined {
  const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic') return undefined
  const [, username = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return { username, secret }
}

function fromForm(form: URLSearchParams): Login | undefined {
  const secret = form.get('refresh_token')
  if (secret !== null) return { secret }
  const username = form.get('username')
  return username === null ? undefined : { username, secret: form.get('password') ?? '' }
}

/** What a user may do of what a scope asks for; nothing when there is nothing left. */
function allowed(scope: string, user: TokenUser | undefined): Access[] {
  const [, type = '', name = '', asked = ''] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? []
  const grants = (user?.grants ?? []).filter(({ resources }) => new RegExp(`^${resources}$`).test(`${type}:${name}`))
  const actions = asked.split(',').filter(action => grants.some(grant => grant.actions.includes(action)))
  return actions.length === 0 ? [] : [{ type, name, actions }]
}
