import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Purpose } from './authorization.js'
import { RegistryError } from './errors.js'
import type { Answer } from './exchange.js'
import { decodeProblems } from './problem.js'
import { isDigest } from './reference.js'
import { MAX_ERROR_BYTES, type RegistryOptions, Requests } from './requests.js'
import { repositoryScope } from './scope.js'

/** What a HEAD tells about a manifest. */
export interface ManifestHead {
  readonly digest: string
  readonly mediaType: string
  readonly size: number
}

export interface Manifest extends ManifestHead {
  readonly content: Buffer
}

/** Registries need not take larger ones (OCI distribution specification, "Pushing Manifests": at least 4 MiB). */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024

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
  readonly #requests: Requests

  /**
   * @param host `host[:port]` as in an image reference
   * @throws RegistryError `INVALID_REFERENCE` for another text, `BAD_CREDENTIALS` for a token that no header can carry
   */
  constructor(host: string, options: RegistryOptions = {}) {
    this.host = host
    this.#requests = new Requests(host, options)
  }

  /**
   * Asks whether the registry takes pushes to a repository from us, before anything is built for it: it begins an upload
   * and cancels it. Nothing stays but, in a registry that does not cancel, an upload that expires.
   *
   * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `NOT_FOUND` (some registries make no repositories), … when it does not
   */
  async checkPush(repository: string, signal?: AbortSignal): Promise<void> {
    const purpose = { scope: repositoryScope(repository, ['pull', 'push']), signal }
    const answer = await this.#requests.send(
      { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, maxBytes: MAX_ERROR_BYTES },
      purpose
    )
    if (answer.status < 200 || answer.status > 299) throw this.#requests.problem(`push to ${repository}`, answer)
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
    const answer = await this.#requests.send(
      { method: 'HEAD', path: manifestPath(repository, reference), maxBytes: 0 },
      reading(repository, signal)
    )
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#requests.problem(what, answer)
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
    const answer = await this.#requests.send(
      { method: 'GET', path: manifestPath(repository, reference), maxBytes: MAX_MANIFEST_BYTES },
      reading(repository, signal)
    )
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#requests.problem(what, answer)
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
    const answer = await this.#requests.send(
      { method: 'GET', path: `/v2/${repository}/blobs/${digest}`, maxBytes },
      reading(repository, signal)
    )
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#requests.problem(what, answer)
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
    const answer = await this.#requests.send(
      { method: 'DELETE', path: manifestPath(repository, reference), maxBytes: MAX_ERROR_BYTES },
      purpose
    )
    // 202 is the specification's answer; some registries say 200 or 204.
    if (answer.status >= 200 && answer.status < 300) return 'deleted'
    const unknownRoute = answer.status === 404 && isUnknownRoute(answer)
    if (answer.status === 404 && !unknownRoute) return 'absent'
    throw this.#requests.problem(`DELETE ${repository} ${reference}`, answer, unknownRoute ? 'UNSUPPORTED' : undefined)
  }

  async #cancelUpload({ headers: { location = '' } }: Answer, purpose: Purpose): Promise<void> {
    const url = this.#requests.locate(location)
    // An upload that lies elsewhere is left to expire: what was accepted here is not shown there.
    if (url === undefined || !this.#requests.isOwn(url)) return
    try {
      await this.#requests.sendAsIs({ method: 'DELETE', path: url, maxBytes: MAX_ERROR_BYTES }, purpose)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'ABORTED') throw error
    }
  }
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
