import { readFileSync } from 'node:fs'
import { request as send, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http'
import { request as sendOverTls } from 'node:https'
import { isIP } from 'node:net'
import { PassThrough, pipeline, type Transform } from 'node:stream'
import { text } from 'node:stream/consumers'

import { answer } from './serve.js'

/** What a repository's manifests may be, for registries that tell their digest only to those who ask for the type. */
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json'
].join(', ')

/** The registry behind a program. */
export class Upstream {
  readonly #base: URL
  readonly #options: RequestOptions
  readonly #proto: string

  /**
   * @param authority file with the authority of its certificate
   * @param isPlain whether the program's own clients come over plain HTTP: the registry makes absolute addresses of it
   */
  constructor(address: string, authority: string | undefined, isPlain: boolean) {
    const base = new URL(address)
    this.#base = base
    this.#proto = isPlain ? 'http' : 'https'
    // The clients' Host header goes on, but the certificate is the registry's own.
    const servername = isIP(base.hostname) === 0 ? base.hostname : ''
    this.#options = { agent: false, ...(authority === undefined ? {} : { ca: readFileSync(authority), servername }) }
  }

  /** Passes a request on and its answer back; `up` and `down` are put into their ways. */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    { up = new PassThrough(), down = new PassThrough() }: { readonly up?: Transform; readonly down?: Transform } = {}
  ): void {
    const { expect: _answered, connection: _hop, ...headers } = request.headers
    const outgoing = this.#send(request.url ?? '/', {
      method: request.method ?? 'GET',
      headers: { ...headers, 'x-forwarded-proto': this.#proto }
    })
    outgoing.on('response', incoming => {
      const { connection: _own, ...answered } = incoming.headers
      response.writeHead(incoming.statusCode ?? 502, answered)
      pipeline(incoming, down, response, () => undefined)
    })
    outgoing.on('error', error => {
      if (response.headersSent || response.destroyed) response.destroy()
      else answer(response, 502, { errors: [{ code: 'UNKNOWN', message: `the test's proxy: ${error.message}` }] })
    })
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    pipeline(request, up, outgoing, () => undefined)
  }

  /** Whether a tag of the repository names the digest, asked with the same credential. */
  async isTagged(repository: string, digest: string, authorization: string | undefined): Promise<boolean> {
    const headers = { accept: MANIFESTS, ...(authorization === undefined ? {} : { authorization }) }
    const listed = await this.#ask('GET', `/v2/${repository}/tags/list`, headers)
    const { tags } = JSON.parse(listed.body || '{}') as { tags?: readonly string[] | null }
    const manifests = await Promise.all(
      (tags ?? []).map(tag => this.#ask('HEAD', `/v2/${repository}/manifests/${tag}`, headers))
    )
    return manifests.some(({ message }) => message.headers['docker-content-digest'] === digest)
  }

  #ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>
  ): Promise<{ message: IncomingMessage; body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#send(path, { method, headers })
      outgoing.on('response', message => {
        text(message).then(body => resolve({ message, body }), reject)
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
  }

  #send(path: string, options: RequestOptions): ReturnType<typeof send> {
    const all = { ...this.#options, ...options }
    const url = new URL(path, this.#base)
    return this.#base.protocol === 'https:' ? sendOverTls(url, all) : send(url, all)
  }
}
