import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { KubeError, type Kube, type V1Pod, type V1Secret } from '@kaniko-hooks/kube'

import type { Call } from '../call.js'
import type { ImageRecord } from './record.js'
import { writeRecord } from './record.js'

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

  /** What a build of this tag pushed; `digit` makes its digest. */
  image(tag: string, digit?: string): { pushRef: string; digest?: string } {
    const pushRef = `${this.#host}/kaniko/actions:${tag}`
    return digit === undefined ? { pushRef } : { pushRef, digest: digestOf(digit) }
  }

  /** Writes a record as the hook does; returns its Secret's name. */
  async record(
    runner: string,
    image: Omit<ImageRecord, 'version' | 'runner'>,
    uid = `uid of ${runner}`
  ): Promise<string> {
    return writeRecord(this.#kube(), { runnerPod: runner, uid, sameNamespace: true, annotations: {} }, image)
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
        destinations: () => [{ remote: { repository, plainHttp: true } }]
      },
      print: (line: string) => this.printed.push(line),
      note: (line: string) => this.noted.push(line),
      cancelled: new AbortController().signal
    } as unknown as Call
  }

  #kube(): Kube {
    const { secrets, pods } = this
    return {
      namespace: 'runners',
      list: (_: 'secrets', { labelSelector = '' }: { labelSelector?: string }) =>
        Promise.resolve([...secrets.values()].filter(secret => matches(secret, labelSelector))),
      create: (_: 'secrets', secret: V1Secret) => {
        const metadata = { ...secret.metadata, creationTimestamp: new Date(this.createdMs) }
        secrets.set(metadata.name ?? '', { ...secret, metadata })
        return Promise.resolve(secret)
      },
      delete: (_: 'secrets', name: string) => Promise.resolve(secrets.delete(name)),
      get: (_: 'pods', name: string) => {
        const pod = pods.get(name)
        return pod === undefined ? Promise.reject(new KubeError('NOT_FOUND', `there is no pod ${name}`)) : Promise.resolve(pod)
      }
    } as unknown as Kube
  }
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
