import type { SecureContext } from 'node:tls'
import { Authorization, type Purpose } from './authorization.js'
import type { Credential } from './credentials.js'
import { RegistryError } from './errors.js'
import type { Answer, Request, Wire } from './exchange.js'
import { codeOf, decodeProblems, wordsOf } from './problem.js'
import { follow } from './redirect.js'
import { secureContext } from './trust.js'

export interface RegistryOptions {
  /** Speak HTTP without TLS. Never guessed from the host's name. */
  readonly plainHttp?: boolean
  /**
   * PEM certificates to trust in addition to Node's own list, for the registry, its token service and where it
   * redirects to. `NODE_EXTRA_CA_CERTS` is not heard when this is given (see `trust.ts`).
   */
  readonly ca?: string
  /**
   * Shown to the registry, or to the token service that it names, when asked for; never anywhere else.
   * `parseDockerConfig` finds it.
   */
  readonly credential?: Credential | undefined
  /** Default 5000. */
  readonly connectTimeoutMs?: number
  /** Default 20000: from the connection to the end of the answer. */
  readonly answerTimeoutMs?: number
  /** Further tries after a passing fault; default 3. */
  readonly retries?: number
  /** The first pause between tries, doubled each time; default 250. */
  readonly pauseMs?: number
}

/** The manifests that a Kubernetes node can run, single images and indexes, in both dialects. */
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json'
].join(', ')

/** An error's body is read up to this length. */
export const MAX_ERROR_BYTES = 16 * 1024

/** A request to one registry. */
export interface Asked extends Pick<Request, 'method' | 'maxBytes' | 'body' | 'answerTimeoutMs' | 'retries'> {
  /** On the registry, or anywhere as an address. */
  readonly path: string | URL
  readonly headers?: Readonly<Record<string, string>>
}

/** What requests to one registry have in common: its address, how they travel, and who asks. */
export class Requests {
  readonly host: string
  readonly #address: URL
  readonly #wire: Wire
  readonly #authorization: Authorization

  /**
   * @param host `host[:port]` as in an image reference
   * @throws RegistryError `INVALID_REFERENCE` for another text, `BAD_CREDENTIALS` for a token that no header can carry
   */
  constructor(host: string, options: RegistryOptions) {
    this.host = host
    this.#address = addressOf(host, options.plainHttp ?? false)
    const { ca } = options
    let trusted: SecureContext | undefined
    this.#wire = {
      trust: () => (ca === undefined ? undefined : (trusted ??= secureContext(ca))),
      connectTimeoutMs: options.connectTimeoutMs ?? 5000,
      answerTimeoutMs: options.answerTimeoutMs ?? 20_000,
      retries: options.retries ?? 3,
      pauseMs: options.pauseMs ?? 250
    }
    this.#authorization = new Authorization(this.#address, options.credential, this.#wire)
  }

  /** Where a Location of the registry leads; undefined for none. */
  locate(location: string | undefined): URL | undefined {
    const isAddress = location !== undefined && URL.canParse(location, this.#address.href)
    return isAddress ? new URL(location, this.#address) : undefined
  }

  /** Whether an address is the registry's own, and not that of somebody whom nothing is shown. */
  isOwn({ origin }: URL): boolean {
    return origin === this.#address.origin
  }

  /** Asks, and answers a challenge once. The answer is the last one, whatever its status. */
  async send(asked: Asked, purpose: Purpose): Promise<Answer> {
    const authorization = this.#authorization
    const { method, path } = asked
    const ask = (header: string | undefined): Promise<Answer> => this.#ask(asked, purpose.signal, header)

    const sent = authorization.remembered(purpose)
    const answer = await ask(sent)
    if (answer.status !== 401) return answer
    if (answer.url.origin !== this.#address.origin) throw this.#foreign(`${method} ${String(path)}`, answer)
    authorization.forget(purpose)
    const header = await authorization.answer(answer.headers['www-authenticate'], purpose)
    if (header === sent) return answer
    const second = await ask(header)
    if (second.status === 401 && second.url.origin !== this.#address.origin) {
      throw this.#foreign(`${method} ${String(path)}`, second)
    }
    if (second.status !== 401) authorization.remember(purpose, header)
    return second
  }

  /** Asks with what was accepted before, and answers no challenge. Elsewhere than at the registry nothing is shown. */
  sendAsIs(asked: Asked, purpose: Purpose): Promise<Answer> {
    const isShown = this.isOwn(new URL(asked.path, this.#address))
    return this.#ask(asked, purpose.signal, isShown ? this.#authorization.remembered(purpose) : undefined)
  }

  #ask(
    { path, headers, ...asked }: Asked,
    signal: AbortSignal | undefined,
    authorization: string | undefined
  ): Promise<Answer> {
    return follow(this.#wire, {
      whom: `the registry ${this.#address.host}`,
      ...asked,
      url: new URL(path, this.#address),
      headers: {
        accept: MANIFEST_TYPES,
        'user-agent': 'kaniko-hooks',
        ...headers,
        ...(authorization === undefined ? {} : { authorization })
      },
      signal
    })
  }

  #foreign(what: string, answer: Answer): RegistryError {
    return new RegistryError(
      'UNAUTHORIZED',
      `${what}: ${this.host} redirects to ${answer.url.host}, which answered 401; the credential for ${this.host} is ` +
        'not shown there',
      { status: 401 }
    )
  }

  /** The error that an answer is. */
  problem(what: string, answer: Answer, code = codeOf(answer.status)): RegistryError {
    const { redact } = this.#authorization
    const said = wordsOf(answer.body, redact)
    return new RegistryError(
      code,
      `${what}: ${this.host} answered ${answer.status}${said === '' ? '' : ` ${said}`}${this.#hint(answer.status)}`,
      { status: answer.status, problems: decodeProblems(answer.body, redact) }
    )
  }

  #hint(status: number): string {
    const { isAnonymous, owner } = this.#authorization
    if (status === 401 || status === 403) {
      if (isAnonymous) return ` (no credential is configured for ${this.host})`
      return status === 401 ? ` (to ${owner}, which is not let in or may not do this)` : ` (to ${owner})`
    }
    return status >= 300 && status < 400 ? ' (not followed)' : ''
  }
}

function addressOf(host: string, plainHttp: boolean): URL {
  // Docker Hub's API does not live at the name that references carry.
  const address = `${plainHttp ? 'http' : 'https'}://${host === 'docker.io' ? 'registry-1.docker.io' : host}`
  if (!/[/@?#\\\s]/.test(host) && URL.canParse(address)) return new URL(address)
  throw new RegistryError('INVALID_REFERENCE', `"${host.slice(0, 300)}" is not the host[:port] of a registry`)
}
