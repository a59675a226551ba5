import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError, type RegistryErrorCode, type RegistryProblem } from './errors.js'
import { type Answer, type Endpoint, exchange, isPassing, type Request } from './exchange.js'

export interface RegistryOptions {
  /** Speak HTTP without TLS. Never guessed from the host's name. */
  readonly plainHttp?: boolean
  /** PEM certificates to trust in place of the system's. */
  readonly ca?: string
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

/** A longer Retry-After is not waited for: a runner's job would only look hung. */
const MAX_PAUSE_MS = 10_000

/**
 * The verbs of the OCI distribution specification that a build needs: is the registry there, what is behind a tag,
 * and delete. It pushes nothing; builders do. Each request uses its own connection, so there is nothing to close.
 *
 * It is anonymous: a registry that asks for credentials answers `UNAUTHORIZED`.
 */
export class RegistryClient {
  readonly host: string
  readonly #endpoint: Endpoint
  readonly #retries: number
  readonly #pauseMs: number

  constructor(host: string, options: RegistryOptions = {}) {
    this.host = host
    this.#endpoint = {
      // Docker Hub's API does not live at the name that references carry.
      host: host === 'docker.io' ? 'registry-1.docker.io' : host,
      plainHttp: options.plainHttp ?? false,
      ca: options.ca,
      connectTimeoutMs: options.connectTimeoutMs ?? 5000,
      answerTimeoutMs: options.answerTimeoutMs ?? 20_000
    }
    this.#retries = options.retries ?? 3
    this.#pauseMs = options.pauseMs ?? 250
  }

  /**
   * Asks whether a registry answers at `/v2/`. A demand for credentials is an answer: whether they are good is only
   * known when something is pushed.
   *
   * @throws RegistryError `UNREACHABLE`, or `PROTOCOL` when something else than a registry answers
   */
  async ping(signal?: AbortSignal): Promise<void> {
    const answer = await this.#send('GET', '/v2/', MAX_ERROR_BYTES, signal)
    if (answer.status === 200 || answer.status === 401) return
    throw this.#problem('GET /v2/', answer)
  }

  /**
   * Looks a manifest up by tag or digest, without its content.
   *
   * @returns undefined when the registry has none
   */
  async headManifest(repository: string, reference: string, signal?: AbortSignal): Promise<ManifestHead | undefined> {
    const answer = await this.#send('HEAD', manifestPath(repository, reference), 0, signal)
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#problem(`HEAD ${repository} ${reference}`, answer)
    const digest = answer.headers['docker-content-digest']
    // The header is only a SHOULD of the specification; the content always tells.
    if (typeof digest !== 'string') return this.getManifest(repository, reference, signal)
    return { digest, mediaType: mediaType(answer.headers), size: Number(answer.headers['content-length'] ?? 0) }
  }

  /**
   * Fetches a manifest by tag or digest and checks it against its digest.
   *
   * @returns undefined when the registry has none
   */
  async getManifest(repository: string, reference: string, signal?: AbortSignal): Promise<Manifest | undefined> {
    const what = `GET ${repository} ${reference}`
    const answer = await this.#send('GET', manifestPath(repository, reference), MAX_MANIFEST_BYTES, signal)
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
   * Deletes a tag, or with a digest the manifest and every tag of it in that repository.
   *
   * @throws RegistryError `UNSUPPORTED` (400, 405), `DENIED` (403), …
   */
  async deleteManifest(repository: string, reference: string, signal?: AbortSignal): Promise<'deleted' | 'absent'> {
    const answer = await this.#send('DELETE', manifestPath(repository, reference), MAX_ERROR_BYTES, signal)
    // 202 is the specification's answer; some registries say 200 or 204.
    if (answer.status >= 200 && answer.status < 300) return 'deleted'
    if (answer.status === 404) return 'absent'
    throw this.#problem(`DELETE ${repository} ${reference}`, answer)
  }

  async #send(method: Request['method'], path: string, maxBytes: number, signal?: AbortSignal): Promise<Answer> {
    // The one place where a request gets its `authorization`.
    const headers = { accept: MANIFEST_TYPES, 'user-agent': 'kaniko-hooks' }
    for (let tried = 0; ; tried++) {
      const last = tried >= this.#retries
      let pause = this.#pauseMs * 2 ** tried
      try {
        const answer = await exchange(this.#endpoint, { method, path, headers, maxBytes, signal })
        if (last || !isRetriable(answer.status)) return answer
        pause = Math.max(pause, retryAfter(answer.headers))
        if (pause > MAX_PAUSE_MS) return answer
      } catch (error) {
        if (last || !(error instanceof RegistryError) || !isPassing(error)) throw error
      }
      await this.#pause(pause, `${method} ${path}`, signal)
    }
  }

  async #pause(ms: number, what: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      // Several runners meet the same fault at the same moment; they need not come back together.
      await sleep(ms * (1 + Math.random() / 4), undefined, signal === undefined ? {} : { signal })
    } catch (cause) {
      throw new RegistryError('ABORTED', `${what} at ${this.host} was aborted`, { cause })
    }
  }

  #problem(what: string, answer: Answer): RegistryError {
    const problems = decodeProblems(answer.body)
    const said = problems.map(problem => `${problem.code}: ${problem.message}`).join('; ')
    const hint = answer.status === 401 ? ' (it asks for credentials)' : ''
    return new RegistryError(
      codeOf(answer.status),
      `${what}: ${this.host} answered ${answer.status}${said === '' ? '' : ` ${said}`}${hint}`,
      { status: answer.status, problems }
    )
  }
}

function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}

function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? ''
}

function isRetriable(status: number): boolean {
  return status === 429 || status === 500 || (status >= 502 && status <= 504)
}

function codeOf(status: number): RegistryErrorCode {
  if (status === 401) return 'UNAUTHORIZED'
  if (status === 403) return 'DENIED'
  if (status === 404) return 'NOT_FOUND'
  if (status === 400 || status === 405) return 'UNSUPPORTED'
  if (status === 429) return 'RATE_LIMITED'
  return status >= 500 ? 'SERVER' : 'PROTOCOL'
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now; 0 without one. */
function retryAfter(headers: IncomingHttpHeaders): number {
  const value = headers['retry-after']
  if (value === undefined) return 0
  const seconds = Number(value)
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

/** Reads an error body; one that is no JSON of the specification's form has nothing to say. */
function decodeProblems(body: Buffer): readonly RegistryProblem[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    return []
  }
  if (typeof parsed !== 'object' || parsed === null || !('errors' in parsed) || !Array.isArray(parsed.errors)) return []
  return parsed.errors.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return []
    const { code, message } = entry as { code?: unknown; message?: unknown }
    return [{ code: asText(code), message: asText(message) }]
  })
}

function asText(value: unknown): string {
  // A registry's words end in a job's log: control characters would let it write its own lines there.
  // eslint-disable-next-line no-control-regex -- they are what is removed
  return typeof value === 'string' ? value.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 500) : ''
}
