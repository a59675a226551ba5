import { createHash } from 'node:crypto'

import { type FakeRegistry, startFakeRegistry } from '@kaniko-hooks/testing'

import { Bench } from '../job/call.fixture.js'
import type { Call } from '../job/call.js'
import { DUE_LABEL } from '../pods/due.js'
import type { ImageRecord } from './records/record.js'
import { writeRecord } from './records/record.js'

/** Another answer of the registry than its good one; undefined for that. */
export type Answer = (request: string) => number | undefined

/** A namespace and a small registry, and calls of the hook that see both. */
export class Cluster {
  readonly bench: Bench
  /** Whose record was written when; for the next one that is written. */
  createdMs = Date.now()
  answer: Answer = () => undefined
  readonly #registry: FakeRegistry

  private constructor(bench: Bench, registry: FakeRegistry) {
    this.bench = bench
    this.#registry = registry
    bench.server.onCreate('secrets', ({ metadata }) =>
      Object.assign(metadata ?? {}, {
        creationTimestamp: new Date(this.createdMs).toISOString(),
        // Which is of the time of the test.
        labels: { ...metadata?.labels, [DUE_LABEL]: undefined }
      })
    )
  }

  static async start(): Promise<Cluster> {
    const begun: { cluster?: Cluster } = {}
    const registry = await startFakeRegistry(({ method, url }, response) => {
      const good = method === 'DELETE' ? 202 : 200
      const digest = url?.split('/').at(-1) ?? ''
      const header = digest.startsWith('sha256:') ? { 'docker-content-digest': digest } : {}
      response.writeHead(begun.cluster?.answer(`${method ?? ''} ${url ?? ''}`) ?? good, header).end()
    })
    begun.cluster = new Cluster(await Bench.start(), registry)
    return begun.cluster
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopRegistry(), this.bench.stop()])
  }

  /** Nobody listens at the registry's address any more. */
  async stopRegistry(): Promise<void> {
    await this.#registry.stop()
  }

  /** What the registry was asked, in its order. */
  get asked(): readonly string[] {
    return this.#registry.asked
  }

  get printed(): string[] {
    return this.bench.printed
  }

  /** The names of all Secrets. */
  get secrets(): string[] {
    return this.bench.server.names('secrets')
  }

  get repository(): string {
    return `${this.#registry.host}/kaniko/actions`
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
    return writeRecord(this.call(runner).kube, { runnerPod: runner, uid, annotations: {} }, image, namespace)
  }

  /** A call in a runner pod. */
  call(runner: string, more: { readonly keep?: string; readonly repository?: string } = {}): Call {
    const { keep = 'delete', repository = this.repository } = more
    const settings = { image: { keep }, destinations: [{ remote: { repository, plainHttp: true } }] }
    return this.bench.call({ runnerPod: runner, settings, prepareTimeoutMs: 0 })
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
