import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { SecureContext } from 'node:tls'
import { Authorization, type Purpose } from './authorization.js'
import type { Credential } from './credentials.js'
import { RegistryError } from './errors.js'
import type { Answer, Request, Wire } from './exchange.js'
import { codeOf, decodeProblems, wordsOf } from './problem.js'
import { follow } from './redirect.js'
import { isDigest } from './reference.js'
import { repositoryScope } from './scope.js'
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

/** What a HEAD tells about a manifest. */
export interface ManifestHead {
  readonly digest: string
  readonly mediaType: string
  readonly size: number
}

export interface Manifest extends ManifestHead {
  readonly content: Buffer
}

/** The manifests that a Kubernetes node can run, single images and indexes, in both dialects. */
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json'
].join(', ')

/** Registries need not take larger ones (OCI distribution specification, "Pushing Manifests": at least 4 MiB). */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024

const MAX_ERROR_BYTES = 16 * 1024

/** Some token services give a token for exactly what is asked; to delete, registries differ in what they look for. */
const DELETE_ACTIONS = ['pull', 'push', 'delete']

/**
 * The verbs of the OCI distribution specification that a build needs: is the registry there, what is behind a tag,
 * delete, and whether it takes pushes. It pushes nothing; builders do. Each request uses its own connection, so there is nothing to close.
 *
 * A request is first sent as it is, or with the authorization that was accepted before. A 401 is answered once, as its
 * challenge asks: with HTTP Basic, or with a token that is fetched for what the request needs. So a token that has
 * expired is renewed, and a credential that is not accepted is not tried twice.
 */
export class RegistryClient {
  readonly host: string
  readonly #address: URL
  readonly #wire: Wire
  readonly #authorization: Authorization

  /**
   * @param host `host[:port]` as in an image reference
   * @throws RegistryError `INVALID_REFERENCE` for another text, `BAD_CREDENTIALS` for a token that no header can carry
   */
  constructor(host: string, options: RegistryOptions = {}) {
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

  /**
   * Asks whether the registry takes pushes to a repository from us, before anything is built for it: it begins an upload
   * and cancels it. Nothing stays but, in a registry that does not cancel, an upload that expires.
   *
   * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `NOT_FOUND` (some registries make no repositories), … when it does not
   */
  async checkPush(repository: string, signal?: AbortSignal): Promise<void> {
    const purpose = { scope: repositoryScope(repository, ['pull', 'push']), signal }
    const answer = await this.#send('POST', `/v2/${repository}/blobs/uploads/`, MAX_ERROR_BYTES, purpose)
    if (answer.status < 200 || answer.status > 299) throw this.#problem(`push to ${repository}`, answer)
    await this.#cancelUpload(answer, purpose)
  }

  /**
   * Looks a manifest up by tag or digest, without its content.
   *
   * @returns undefined when the registry has none, which only a 404 says
   * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `RATE_LIMITED`, … when it is not known whether it has one
   */
  async headManifest(repository: string, reference: string, signal?: AbortSignal): Promise<ManifestHead | undefined> {
    const what = `HEAD ${repository} ${reference}`
    const answer = await this.#send('HEAD', manifestPath(repository, reference), 0, reading(repository, signal))
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#problem(what, answer)
    const digest = answer.headers['docker-content-digest']
    // The header is only a SHOULD of the specification; the content always tells.
    if (typeof digest !== 'string' || !isDigest(digest)) return this.getManifest(repository, reference, signal)
    if (isDigest(reference) && digest !== reference) {
      throw new RegistryError('PROTOCOL', `${what}: ${this.host} answered with the digest ${digest}`)
    }
    return { digest, mediaType: mediaType(answer.headers), size: Number(answer.headers['content-length'] ?? 0) }
  }

  /**
   * Fetches a manifest by tag or digest and checks it against its digest.
   *
   * @returns undefined when the registry has none
   */
  async getManifest(repository: string, reference: string, signal?: AbortSignal): Promise<Manifest | undefined> {
    const what = `GET ${repository} ${reference}`
    const answer = await this.#send(
      'GET',
      manifestPath(repository, reference),
      MAX_MANIFEST_BYTES,
      reading(repository, signal)
    )
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#problem(what, answer)
    if (answer.cut)
      throw new RegistryError('PROTOCOL', `${what}: the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`)
    const digest = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`
    const expected = reference.startsWith('sha256:') ? reference : answer.headers['docker-content-digest']
    if (typeof expected === 'string' && expected.startsWith('sha256:') && expected !== digest) {
      throw new RegistryError('PROTOCOL', `${what}: ${this.host} sent content with the digest ${digest}`)
    }
    return { digest, mediaType: mediaType(answer.headers), size: answer.body.length, content: answer.body }
  }

  /**
   * Fetches a blob and checks it against its digest.
   *
   * @param digest of the algorithm sha256
   * @returns undefined when the registry has none
   * @throws RegistryError `PROTOCOL` for one that is larger, or another
   */
  async getBlob(
    repository: string,
    digest: string,
    maxBytes: number,
    signal?: AbortSignal
  ): Promise<Buffer | undefined> {
    const what = `GET ${repository} ${digest}`
    const answer = await this.#send('GET', `/v2/${repository}/blobs/${digest}`, maxBytes, reading(repository, signal))
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#problem(what, answer)
    if (answer.cut) throw new RegistryError('PROTOCOL', `${what}: the blob is larger than ${maxBytes} bytes`)
    const found = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`
    if (found === digest) return answer.body
    throw new RegistryError('PROTOCOL', `${what}: ${this.host} sent content with the digest ${found}`)
  }

  /**
   * Deletes a tag, or with a digest the manifest and every tag of it in that repository.
   *
   * @throws RegistryError `UNSUPPORTED` (400, 405, or a 404 that is not about the image), `DENIED` (403), …
   */
  async deleteManifest(repository: string, reference: string, signal?: AbortSignal): Promise<'deleted' | 'absent'> {
    const purpose = { scope: repositoryScope(repository, DELETE_ACTIONS), signal }
    const answer = await this.#send('DELETE', manifestPath(repository, reference), MAX_ERROR_BYTES, purpose)
    // 202 is the specification's answer; some registries say 200 or 204.
    if (answer.status >= 200 && answer.status < 300) return 'deleted'
    const unknownRoute = answer.status === 404 && isUnknownRoute(answer)
    if (answer.status === 404 && !unknownRoute) return 'absent'
    throw this.#problem(`DELETE ${repository} ${reference}`, answer, unknownRoute ? 'UNSUPPORTED' : undefined)
  }

  async #cancelUpload({ headers: { location = '' } }: Answer, purpose: Purpose): Promise<void> {
    if (!URL.canParse(location, this.#address.href)) return
    const url = new URL(location, this.#address)
    // An upload that lies elsewhere is left to expire: what was accepted here is not shown there.
    if (url.origin !== this.#address.origin) return
    try {
      const { signal } = purpose
      await this.#ask('DELETE', url, MAX_ERROR_BYTES, signal, this.#authorization.remembered(purpose))
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'ABORTED') throw error
    }
  }

  /** Asks, and answers a challenge once. The answer is the last one, whatever its status. */
  async #send(method: Request['method'], path: string, maxBytes: number, purpose: Purpose): Promise<Answer> {
    const authorization = this.#authorization
    const ask = (header: string | undefined): Promise<Answer> =>
      this.#ask(method, path, maxBytes, purpose.signal, header)

    const sent = authorization.remembered(purpose)
    const answer = await ask(sent)
    if (answer.status !== 401) return answer
    if (answer.url.origin !== this.#address.origin) throw this.#foreign(`${method} ${path}`, answer)
    authorization.forget(purpose)
    const header = await authorization.answer(answer.headers['www-authenticate'], purpose)
    if (header === sent) return answer
    const second = await ask(header)
    if (second.status === 401 && second.url.origin !== this.#address.origin) {
      throw this.#foreign(`${method} ${path}`, second)
    }
    if (second.status !== 401) authorization.remember(purpose, header)
    return second
  }

  #ask(
    method: Request['method'],
    path: string | URL,
    maxBytes: number,
    signal: AbortSignal | undefined,
    authorization: string | undefined
  ): Promise<Answer> {
    return follow(this.#wire, {
      whom: `the registry ${this.#address.host}`,
      method,
      url: new URL(path, this.#address),
      headers: {
        accept: MANIFEST_TYPES,
        'user-agent': 'kaniko-hooks',
        ...(authorization === undefined ? {} : { authorization })
      },
      maxBytes,
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

  #problem(what: string, answer: Answer, code = codeOf(answer.status)): RegistryError {
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

function reading(repository: string, signal: AbortSignal | undefined): Purpose {
  return { scope: repositoryScope(repository, ['pull']), signal }
}

/**
 * A 404 with a body that is not the specification's: no registry speaks of an image so, but a server that does not know
 * the route at all ("404 page not found"). To take it for an image that is gone would leave it there unnoticed.
 */
function isUnknownRoute({ body }: Answer): boolean {
  return body.length > 0 && decodeProblems(body, text => text).length === 0
}

function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}

function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? ''
}
