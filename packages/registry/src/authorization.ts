import { parseChallenges } from './challenge.js'
import { basicOf, type Credential, isToken, ownerOf, secretsOf } from './credentials.js'
import { RegistryError } from './errors.js'
import type { Wire } from './exchange.js'
import { type Redact, redactor } from './problem.js'
import { mergeScopes } from './scope.js'
import { fetchToken } from './token.js'

/** What an `Authorization` header is for. */
export interface Purpose {
  /** What the request needs: `repository:a/b:pull`. */
  readonly scope: string
  readonly signal: AbortSignal | undefined
}

/**
 * Turns one registry's challenges into `Authorization` headers, from one credential or none, and remembers the headers
 * that were accepted, by scope. It is the only place that reads the credential.
 */
export class Authorization {
  readonly #registry: URL
  readonly #credential: Credential | undefined
  readonly #wire: Wire
  /** HTTP Basic is the same for all scopes. */
  #basic: string | undefined
  readonly #bearers = new Map<string, string>()
  readonly #secrets: Set<string>

  constructor(registry: URL, credential: Credential | undefined, wire: Wire) {
    if (credential !== undefined && 'registryToken' in credential && !isToken(credential.registryToken)) {
      const why = 'has blanks or control characters in it'
      throw new RegistryError('BAD_CREDENTIALS', `the registry token for ${registry.host} ${why}`)
    }
    this.#registry = registry
    this.#credential = credential
    this.#wire = wire
    this.#secrets = new Set(credential === undefined ? [] : secretsOf(credential))
  }

  /** Whose credential it is, in the words of an error. */
  get owner(): string {
    return ownerOf(this.#credential)
  }

  get isAnonymous(): boolean {
    return this.#credential === undefined
  }

  /** Takes the credential, and every token that it was exchanged for, out of a text. */
  readonly redact: Redact = text => redactor(this.#secrets)(text)

  /** The header that was accepted for this purpose before, if any. */
  remembered({ scope }: Purpose): string | undefined {
    return this.#basic ?? this.#bearers.get(scope)
  }

  /** Keeps a header that was accepted. */
  remember({ scope }: Purpose, header: string): void {
    if (header.startsWith('Basic ')) this.#basic = header
    else this.#bearers.set(scope, header)
  }

  /** Drops what was remembered: it is not accepted any more. */
  forget({ scope }: Purpose): void {
    this.#basic = undefined
    this.#bearers.delete(scope)
  }

  /**
   * Answers a 401 of the registry: `Bearer` before `Basic` when both are offered.
   *
   * @param wwwAuthenticate the header's value
   * @returns the header to ask again with
   * @throws RegistryError `UNAUTHORIZED` when nothing that the challenge offers can be used; else as `fetchToken`
   */
  async answer(wwwAuthenticate: string | undefined, purpose: Purpose): Promise<string> {
    const credential = this.#credential
    const challenges = parseChallenges(wwwAuthenticate ?? '')
    const offers = (scheme: string): boolean => challenges.some(challenge => challenge.scheme === scheme)
    if (credential !== undefined && 'registryToken' in credential) {
      if (offers('bearer')) return `Bearer ${credential.registryToken}`
      throw this.#unusable(challenges.map(challenge => challenge.scheme))
    }
    const bearer = challenges.find(challenge => challenge.scheme === 'bearer' && challenge.parameters.has('realm'))
    if (bearer !== undefined) {
      const token = await fetchToken(
        this.#wire,
        {
          registry: this.#registry,
          realm: bearer.parameters.get('realm') ?? '',
          service: bearer.parameters.get('service'),
          scopes: mergeScopes(purpose.scope, bearer.parameters.get('scope')),
          credential,
          signal: purpose.signal
        },
        this.redact
      )
      this.#secrets.add(token)
      return `Bearer ${token}`
    }
    if (offers('basic') && credential !== undefined && 'password' in credential) return `Basic ${basicOf(credential)}`
    throw this.#unusable(challenges.map(challenge => challenge.scheme))
  }

  #unusable(schemes: readonly string[]): RegistryError {
    const { host } = this.#registry
    const offered = [...new Set(schemes)].join(', ')
    const why = ((): string => {
      if (schemes.length === 0) return 'does not say how (its WWW-Authenticate header is missing or malformed)'
      if (this.isAnonymous && schemes.includes('basic'))
        return 'asks for a user name and a password, and none is configured'
      if (schemes.includes('basic')) return `asks for a user name and a password, and ${this.owner} is neither`
      if (schemes.includes('bearer')) return 'names no token service (its Bearer challenge has no realm)'
      return `offers only ${offered.slice(0, 200)}; Basic and Bearer are understood`
    })()
    return new RegistryError('UNAUTHORIZED', `the registry ${host} answered 401 and ${why}`, { status: 401 })
  }
}
