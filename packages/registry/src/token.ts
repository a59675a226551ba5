import { basicOf, type Credential, isToken, ownerOf } from './credentials.js'
import { RegistryError } from './errors.js'
import type { Answer, Request, Wire } from './exchange.js'
import { codeOf, type Redact, wordsOf } from './problem.js'
import { follow } from './redirect.js'

/** A question to the token service that a registry's `Bearer` challenge names. */
export interface TokenRequest {
  /** The registry that asked for a token. */
  readonly registry: URL
  /** The token service's address, as the challenge wrote it. */
  readonly realm: string
  readonly service: string | undefined
  readonly scopes: readonly string[]
  /** Undefined for a token that everybody gets. */
  readonly credential: Exclude<Credential, { registryToken: string }> | undefined
  readonly signal: AbortSignal | undefined
}

/** Registries and the proxies before them take headers of some 8 to 64 KiB. */
const MAX_TOKEN_BYTES = 128 * 1024

/**
 * Gets a token from a registry's token service: by GET, with HTTP Basic for a password (distribution, "Token
 * Authentication Specification"), or for an identity token by POST (distribution, "OAuth2 Token Authentication").
 * Passing faults are tried again.
 *
 * A service that is reached by plain HTTP is asked only for a registry that is itself reached so.
 *
 * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `RATE_LIMITED`, `SERVER`, `UNREACHABLE`, or `PROTOCOL` for an answer
 *   without a token; it names registry, token service and user
 */
export async function fetchToken(wire: Wire, asked: TokenRequest, redact: Redact): Promise<string> {
  const realm = parseRealm(asked)
  const request = isIdentity(asked) ? refreshRequest(realm, asked) : basicRequest(realm, asked)
  const answer = await follow(wire, request)
  if (answer.status !== 200) throw refusal(answer, request, asked, redact)
  const token = tokenOf(answer)
  if (token !== undefined) return token
  throw new RegistryError('PROTOCOL', `${request.whom} answered 200 without a token that can be used`, { status: 200 })
}

function parseRealm({ realm, registry, credential }: TokenRequest): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RegistryError(
      'PROTOCOL',
      `the registry ${registry.host} sends clients to a token service whose address is no URL`,
      { status: 401 }
    )
  }
  if (registry.protocol === 'https:' && url.protocol === 'http:') {
    throw new RegistryError(
      'UNAUTHORIZED',
      `the registry ${registry.host} is reached by HTTPS, but wants ${ownerOf(credential)} to log in at ${url.host} ` +
        'by plain HTTP; nothing was sent there. Configure an HTTPS realm in the registry',
      { status: 401 }
    )
  }
  return url
}

function isIdentity({ credential }: TokenRequest): boolean {
  return credential !== undefined && 'identityToken' in credential
}

function basicRequest(realm: URL, asked: TokenRequest): Request {
  const url = new URL(realm)
  if (asked.service !== undefined) url.searchParams.set('service', asked.service)
  for (const scope of asked.scopes) url.searchParams.append('scope', scope)
  const { credential } = asked
  const isPassword = credential !== undefined && 'password' in credential
  return requestTo(url, asked, 'GET', isPassword ? { authorization: `Basic ${basicOf(credential)}` } : {})
}

function refreshRequest(realm: URL, asked: TokenRequest): Request {
  const { credential } = asked
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'kaniko-hooks',
    refresh_token: credential !== undefined && 'identityToken' in credential ? credential.identityToken : ''
  })
  if (asked.service !== undefined) form.set('service', asked.service)
  if (asked.scopes.length > 0) form.set('scope', asked.scopes.join(' '))
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { ...requestTo(realm, asked, 'POST', headers), body: form.toString() }
}

function requestTo(
  url: URL,
  { registry, signal }: TokenRequest,
  method: Request['method'],
  headers: Request['headers']
): Request {
  return {
    whom: `the token service ${url.host} of the registry ${registry.host}`,
    method,
    url,
    headers: { accept: 'application/json', 'user-agent': 'kaniko-hooks', ...headers },
    maxBytes: MAX_TOKEN_BYTES,
    signal
  }
}

function tokenOf({ body }: Answer): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  const { token, access_token: accessToken } = Object(parsed) as { token?: unknown; access_token?: unknown }
  // The two are one and the same; older services give the one, OAuth 2 services the other.
  return [token, accessToken].find(found => typeof found === 'string' && isToken(found)) as string | undefined
}

function refusal(answer: Answer, request: Request, asked: TokenRequest, redact: Redact): RegistryError {
  const { status } = answer
  const words = wordsOf(answer.body, redact)
  const said = words === '' ? '' : ` (${words})`
  return new RegistryError(
    codeOf(status),
    `${request.whom} answered ${status} to ${ownerOf(asked.credential)}${said}${advice(answer, request, asked)}`,
    { status }
  )
}

function advice(answer: Answer, request: Request, asked: TokenRequest): string {
  const { host } = asked.registry
  if (answer.url.origin !== request.url.origin) {
    return `, after it had redirected to ${answer.url.host}, which is not shown the credential`
  }
  if (answer.status === 401 || answer.status === 403) {
    return asked.credential === undefined
      ? `; no credential is configured for ${host}`
      : `; check the credential for ${host}, and whether it has expired`
  }
  if (isIdentity(asked) && (answer.status === 404 || answer.status === 405)) {
    return '; it does not take identity tokens: use a user name and an access token'
  }
  return ''
}
