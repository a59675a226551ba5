import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Purpose } from './authorization.js'
import { RegistryError } from './errors.js'
import { isPassing } from './exchange.js'
import { MAX_ERROR_BYTES, type RegistryOptions, Requests } from './requests.js'
import { repositoryScope } from './scope.js'

/** Bytes that a registry keeps by their digest: a layer, or an image's configuration. */
export interface Blob {
  /** `sha256:…` of the content; the registry checks it too. */
  readonly digest: string
  readonly size: number
  /** From the beginning, as often as it is asked for. */
  readonly open: () => Readable
}

/** An upload takes so many bytes in a second, or it is given up. */
const SLOWEST = 32 * 1024

const UPLOAD_MS = 60_000

/**
 * Puts images into a registry, by the verbs of the OCI distribution specification ("Push"). What is there already is not sent
 * again. Each upload is one PUT; one that broke is begun anew.
 */
export class RegistryPusher {
  readonly host: string
  readonly #requests: Requests
  readonly #retries: number
  readonly #pauseMs: number

  /** @throws RegistryError as `RegistryClient` */
  constructor(host: string, options: RegistryOptions = {}) {
    this.host = host
    this.#requests = new Requests(host, options)
    this.#retries = options.retries ?? 3
    this.#pauseMs = options.pauseMs ?? 250
  }

  /**
   * Makes sure that a repository has a blob.
   *
   * @returns whether it had to be sent
   * @throws RegistryError `DENIED`, `PROTOCOL` for another digest than the content's, …
   */
  async putBlob(repository: string, blob: Blob, signal?: AbortSignal): Promise<'sent' | 'there'> {
    const purpose = pushing(repository, signal)
    const path = `/v2/${repository}/blobs/${blob.digest}`
    const head = await this.#requests.send({ method: 'HEAD', path, maxBytes: 0 }, purpose)
    if (head.status === 200) return 'there'
    for (let tried = 1; ; tried++) {
      try {
        await this.#upload(repository, blob, purpose)
        return 'sent'
      } catch (error) {
        const mayPass = error instanceof RegistryError && (error.code === 'SERVER' || isPassing(error))
        if (!mayPass || tried > this.#retries) throw error
        await sleep(this.#pauseMs * 2 ** tried, undefined, signal === undefined ? {} : { signal })
      }
    }
  }

  /**
   * Gives a manifest a name.
   *
   * @param reference a tag, or the manifest's digest
   * @throws RegistryError `DENIED`, `NOT_FOUND` for a blob that is missing, …
   */
  async putManifest(
    repository: string,
    reference: string,
    { mediaType, content }: { readonly mediaType: string; readonly content: Buffer },
    signal?: AbortSignal
  ): Promise<void> {
    const path = `/v2/${repository}/manifests/${reference}`
    const headers = { 'content-type': mediaType, 'content-length': String(content.length) }
    const asked = { method: 'PUT', path, maxBytes: MAX_ERROR_BYTES, headers, body: content } as const
    const answer = await this.#requests.send(asked, pushing(repository, signal))
    if (answer.status < 200 || answer.status > 299) {
      throw this.#requests.problem(`push of ${repository} ${reference}`, answer)
    }
  }

  async #upload(repository: string, { digest, size, open }: Blob, purpose: Purpose): Promise<void> {
    const what = `push of ${digest} to ${repository}`
    const begin = { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, maxBytes: MAX_ERROR_BYTES } as const
    const begun = await this.#requests.send({ ...begin, headers: { 'content-length': '0' } }, purpose)
    if (begun.status !== 202) throw this.#requests.problem(what, begun)
    const url = this.#requests.locate(begun.headers.location)
    if (url === undefined) {
      throw new RegistryError('PROTOCOL', `${what}: ${this.host} does not say where the upload goes`)
    }
    if (begun.url.protocol === 'https:' && url.protocol !== 'https:') {
      throw new RegistryError('PROTOCOL', `${what}: ${this.host} wants the upload over plain HTTP, at ${url.host}`)
    }
    // The address may have a signature in it, which a parameter that is put in order would break.
    url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`
    const answer = await this.#requests.sendAsIs(
      {
        method: 'PUT',
        path: url,
        maxBytes: MAX_ERROR_BYTES,
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
        body: open,
        // The upload that broke is over; a new one is begun.
        retries: 0,
        answerTimeoutMs: UPLOAD_MS + (size / SLOWEST) * 1000
      },
      purpose
    )
    if (answer.status < 200 || answer.status > 299) throw this.#requests.problem(what, answer)
  }
}

function pushing(repository: string, signal: AbortSignal | undefined): Purpose {
  return { scope: repositoryScope(repository, ['pull', 'push']), signal }
}
