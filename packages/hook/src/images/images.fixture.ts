import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { type Kube, type V1Pod, type V1Secret } from '@kaniko-hooks/kube'

import type { Call } from '../job/call.js'
import type { Verbatim } from '../report/workflow-commands.js'
import type { ImageRecord } from './records/record.js'
import { writeRecord } from './records/record.js'

/** Another answer of the registry than its good one; undefined for that. */
export type Answer = (request: string) => number | undefined

/** A namespace in memory and a small real registry, and calls of the hook that see both. */
export class Cluster {
  readonly secrets = new Map<string, V1Secret>()
  readonly pods = new Map<string, V1Pod>()
  /** `METHOD path`, in order. */
  readonly asked: string[] = []
  readonly printed: string[] = []
  readonly noted: string[] = []
  /** Whose record was written when; for the next one that is written. */
  createdMs = Date.now()
  answer: Answer = () => undefined
  readonly #server: Server
  readonly #host: string

  private constructor(server: Server) {
    this.#server = server
    this.#host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      const line = `${request.method ?? ''} ${request.url ?? ''}`
      this.asked.push(line)
      const good = request.method === 'DELETE' ? 202 : 200
      const digest = request.url?.split('/').at(-1) ?? ''
      const header = digest.startsWith('sha256:') ? { 'docker-content-digest': digest } : {}
      response.writeHead(this.answer(line) ?? good, header).end()
    })
  }

  static async start(): Promise<Cluster> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new Cluster(server)
  }

  /** Nobody listens at the registry's address any more. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  get repository(): string {
    return `${this.#host}/kaniko/actions`
  }

  /** What a build of this name pushed; `digit` makes its digest. */
  image(name: string, digit?: string): { pushRef: string; digest?: string } {
    const pushRef = `${this.repository}:${tagOf(name)}`
    return digit === undefined ? { pushRef } : { pushRef, digest: digestOf(digit) }
  }

  /** Writes a record as the hook does; returns its Secret's name. */
  async record(
    runner: string,
    image: Omit<ImageRecord, 'version' | 'runner'>,
    { uid = `uid of ${runner}`, namespace = 'runners' }: { readonly uid?: string; readonly namespace?: string } = {}
  ): Promise<string> {
    return writeRecord(this.#kube(), { runnerPod: runner, uid, annotations: {} }, image, namespace)
  }

  /** A call in a runner pod. */
  call(runner: string, more: { readonly keep?: string; readonly repository?: string } = {}): Call {
    const kube = this.#kube()
    const { keep = 'delete', repository = `${this.#host}/kaniko/actions` } = more
    return {
      kube,
      runnerKube: kube,
      environment: { repository: 'octo/app', runId: '1', job: 'build' },
      settings: {
        runnerPod: runner,
        image: { keep },
        prepareTimeoutMs: 0,
        destinations: () => [{ remote: { repository, plainHttp: true } }]
      },
      print: (line: string | Verbatim) => this.printed.push(String(line)),
      secrets: new Set<string>(),
      note: (line: string) => this.noted.push(line),
      cancelled: new AbortController().signal
    } as unknown as Call
  }

  #kube(): Kube {
    const { secrets, pods } = this
    return {
      namespace: 'runners',
      list: (kind: 'secrets' | 'pods', { labelSelector = '' }: { labelSelector?: string } = {}) =>
        Promise.resolve(
          kind === 'pods' ? [...pods.values()] : [...secrets.values()].filter(secret => matches(secret, labelSelector))
        ),
      create: (_: 'secrets', secret: V1Secret) => {
        const metadata = { ...secret.metadata, creationTimestamp: new Date(this.createdMs) }
        secrets.set(metadata.name ?? '', { ...secret, metadata })
        return Promise.resolve(secret)
      },
      delete: (_: 'secrets', name: string) => Promise.resolve(secrets.delete(name))
    } as unknown as Kube
  }
}

/** A tag as builds have it, made of a name. */
export function tagOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 12)}-${hex.slice(12, 20)}`
}

export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`
}

function matches({ metadata }: V1Secret, selector: string): boolean {
  return selector.split(',').every(part => {
    const [name = '', value] = part.split('=')
    const label = metadata?.labels?.[name]
    return value === undefined ? label !== undefined : label === value
  })
}
