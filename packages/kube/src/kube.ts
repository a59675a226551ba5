import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IncomingMessage } from 'node:http'
import type { V1Pod } from '@kubernetes/client-node'
import type { ClusterConfig } from './config.js'
import { containerOutlook } from './container-outlook.js'
import { KubeError, isKubeError } from './errors.js'
import { openExec } from './exec.js'
import type { ExecOptions, ExecStream, ExecTarget, Heartbeat } from './exec.js'
import { PodWatches, type PodSelector, type PodWatch } from './pod-watch.js'
import { nameObject, resourcePath, typeMeta } from './resources.js'
import type { Resources } from './resources.js'
import { Rest } from './rest.js'
import { abortedError, retryVerdict } from './retry.js'
import type { RetryOptions } from './retry.js'

const CREATE_ID = 'kaniko-hooks/create-id'
const PAGE_SIZE = 500
/** A request that was cut off reaches the API server within so long, or never. */
const LATE_MS = 500
const LOG_STALL_MS = 15_000
const DEFAULT_HEARTBEAT: Heartbeat = { everyMs: 5_000, deadlineMs: 10_000 }

export interface KubeOptions {
  /** How long an API outage is waited for, per request; default 5 minutes. */
  readonly retryForMs?: number
  /** The same while the API server has not answered even once; default 20 s, so that a wrong address is reported soon. */
  readonly firstContactMs?: number
  /** How often an exec's connection is tried for life (default 5 s) and after which silence it is lost (10 s). */
  readonly heartbeat?: Heartbeat
  /** Told before each new try, with the reason. */
  readonly onRetry?: (why: string) => void
  /** Told, in a sentence for people, of an outage that has lasted some seconds, and of its end. */
  readonly onOutage?: (sentence: string) => void
  /** Told once, in a sentence for debugging, whether pods can be watched; otherwise they are polled. */
  readonly onWatch?: (sentence: string) => void
}

export interface RequestOptions {
  readonly signal?: AbortSignal
}

export interface ListOptions extends RequestOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface CreateOptions extends RequestOptions {
  /** Only asks whether the API server would take it: validation, admission, quota. */
  readonly dryRun?: boolean
}

export interface DeleteOptions extends RequestOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  /** Deletes only this very object, not a later one of the same name. */
  readonly uid?: string
  /** For how long a failure is repeated, when that is shorter than `KubeOptions.retryForMs`. */
  readonly retryForMs?: number
}

export interface TokenOptions extends RequestOptions {
  /** The token ends with this object, whatever its own life. */
  readonly boundTo?: { readonly kind: 'Secret' | 'Pod'; readonly name: string; readonly uid: string }
}

/** One object of a kind that the API server learnt from a CustomResourceDefinition. */
export interface CustomObject {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
}

export interface LogTarget {
  readonly pod: string
  readonly container: string
}

export interface LogOptions extends RequestOptions {
  readonly follow?: boolean
  /** Each line begins with its RFC 3339 time and a space. */
  readonly timestamps?: boolean
  /** RFC 3339; the kubelet drops fractions of a second. */
  readonly sinceTime?: string
  /** Only so many lines from the end. */
  readonly tailLines?: number
  /** Only so many bytes from the beginning. */
  readonly limitBytes?: number
}

/**
 * One namespace of one cluster. Every request is repeated while the API is out (see `KubeOptions`) and may be sent
 * twice without harm; every failure is a KubeError. Use from one process at a time; any number of calls may run at once.
 */
export class Kube {
  readonly namespace: string
  readonly #rest: Rest
  readonly #heartbeat: Heartbeat
  readonly #watches: PodWatches

  constructor(config: ClusterConfig, options: KubeOptions = {}) {
    this.namespace = config.namespace
    this.#rest = new Rest(config, options)
    this.#heartbeat = options.heartbeat ?? DEFAULT_HEARTBEAT
    this.#watches = new PodWatches(
      async (selector, signal) => {
        const what = `watch ${nameObject('pods', this.namespace)}`
        const query = { watch: true, ...selector }
        return this.#rest.openOnce({ method: 'GET', path: resourcePath('pods', this.namespace), query, what, signal })
      },
      options.onWatch ?? (() => undefined)
    )
  }

  /** API requests sent and streams opened so far, repetitions included. */
  get requests(): number {
    return this.#rest.requests
  }

  /** Reads one object. NOT_FOUND when there is none. */
  get<R extends keyof Resources>(resource: R, name: string, options: RequestOptions = {}): Promise<Resources[R]> {
    return this.#rest.json({
      method: 'GET',
      path: resourcePath(resource, this.namespace, name),
      what: `get ${nameObject(resource, this.namespace, name)}`,
      signal: options.signal
    })
  }

  /**
   * Reads an object of a kind that a CustomResourceDefinition has added. NOT_FOUND when there is none, or no such kind.
   *
   * @returns as it is stored; nothing of its shape is sure
   */
  getCustom(object: CustomObject, options: RequestOptions = {}): Promise<unknown> {
    const { group, version, plural, namespace, name } = object
    const place = ['', 'apis', group, version, 'namespaces', namespace, plural, name].map(encodeURIComponent).join('/')
    return this.#rest.json({
      method: 'GET',
      path: place,
      what: `get ${plural}.${group} "${name}" in namespace "${namespace}"`,
      signal: options.signal
    })
  }

  /**
   * Asks for a token of a service account (TokenRequest). Needs `create` on `serviceaccounts/token`, which a role can
   * limit to one account by `resourceNames`.
   *
   * @param lifeSeconds at least 600; the API server may give less than asked for
   */
  async requestToken(serviceAccount: string, lifeSeconds: number, options: TokenOptions = {}): Promise<string> {
    const { boundTo, signal } = options
    const answer = await this.#rest.json<{ readonly status?: { readonly token?: string } }>({
      method: 'POST',
      path: resourcePath('serviceaccounts', this.namespace, serviceAccount, 'token'),
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          expirationSeconds: Math.max(600, Math.ceil(lifeSeconds)),
          ...(boundTo === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', ...boundTo } })
        }
      },
      what: `create a token of ${nameObject('serviceaccounts', this.namespace, serviceAccount)}`,
      signal
    })
    const token = answer.status?.token
    if (token === undefined || token === '') {
      throw new KubeError('UNREACHABLE', `The API server gave no token of service account "${serviceAccount}".`)
    }
    return token
  }

  /** Reads all objects that the selectors leave. */
  async list<R extends keyof Resources>(resource: R, options: ListOptions = {}): Promise<Resources[R][]> {
    const { labelSelector, fieldSelector, signal } = options
    const items: Resources[R][] = []
    let next: string | undefined
    do {
      const page: { items?: Resources[R][]; metadata?: { continue?: string } } = await this.#rest.json({
        method: 'GET',
        path: resourcePath(resource, this.namespace),
        query: { labelSelector, fieldSelector, limit: PAGE_SIZE, continue: next },
        what: `list ${nameObject(resource, this.namespace)}`,
        signal
      })
      // Lists leave out the kind of their items.
      for (const item of page.items ?? []) {
        Object.assign(item, typeMeta(resource))
        items.push(item)
      }
      next = page.metadata?.continue
    } while (next !== undefined && next !== '')
    return items
  }

  /**
   * Creates an object and returns it as stored. Idempotent: when the answer is lost, the repetition recognises the
   * object by an annotation that the first try put there; `generateName` is completed here for the same reason.
   * CONFLICT when another object has the name, or one that is still being deleted. When it was cut off on its way (ABORTED,
   * UNREACHABLE) it fails only when the object exists or never will, so that whoever removes it then misses nothing.
   */
  async create<R extends keyof Resources>(
    resource: R,
    object: Resources[R],
    options: CreateOptions = {}
  ): Promise<Resources[R]> {
    const { dryRun = false, signal } = options
    const plain: { readonly metadata?: Metadata } = object
    const { metadata = {} } = plain
    const { generateName, ...named } = metadata
    const name = metadata.name ?? (generateName === undefined ? undefined : generateName + randomUUID().slice(0, 8))
    const id = randomUUID()
    const body = {
      ...typeMeta(resource),
      ...plain,
      metadata: {
        ...named,
        ...(name !== undefined && { name, annotations: { ...metadata.annotations, [CREATE_ID]: id } })
      }
    }
    const request = {
      method: 'POST',
      path: resourcePath(resource, this.namespace),
      ...(dryRun && { query: { dryRun: 'All' } }),
      what: `create ${nameObject(resource, this.namespace, name)}`,
      body,
      signal
    } as const
    const tried = { isSent: false }
    const sent = async (attempt: number): Promise<Resources[R]> => {
      tried.isSent = true
      try {
        return await this.#rest.jsonOnce<Resources[R]>(request)
      } catch (error) {
        const lostAnswer = attempt > 0 && name !== undefined && !dryRun
        if (!lostAnswer || !isKubeError(error, 'CONFLICT') || error.reason !== 'AlreadyExists') throw error
        const found = await this.get(resource, name, options)
        if ((found as { metadata?: Metadata }).metadata?.annotations?.[CREATE_ID] === id) return found
        throw error
      }
    }
    try {
      return await this.#rest.retrying(sent, request)
    } catch (error) {
      if (tried.isSent && isKubeError(error, 'ABORTED', 'UNREACHABLE')) await sleep(LATE_MS)
      throw error
    }
  }

  /** Asks for an object's deletion; it may stay visible while its finalizers or grace period run. False: there was none. */
  async delete(resource: keyof Resources, name: string, options: DeleteOptions = {}): Promise<boolean> {
    const { gracePeriodSeconds, propagationPolicy, uid, retryForMs, signal } = options
    const request = {
      method: 'DELETE',
      path: resourcePath(resource, this.namespace, name),
      what: `delete ${nameObject(resource, this.namespace, name)}`,
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
        ...(propagationPolicy !== undefined && { propagationPolicy }),
        ...(uid !== undefined && { preconditions: { uid } })
      },
      outlook: () => Promise.resolve(retryForMs),
      signal
    } as const
    return this.#rest.retrying(async attempt => {
      try {
        await this.#rest.jsonOnce(request)
        return true
      } catch (error) {
        // After a lost answer it was this call that deleted it.
        if (isKubeError(error, 'NOT_FOUND')) return attempt > 0
        if (uid !== undefined && isKubeError(error, 'CONFLICT')) return false
        throw error
      }
    }, request)
  }

  /**
   * Runs a command in a container. Both outputs have to be read. Rejects with UNREACHABLE or the API's error when it
   * surely has not begun, with STREAM_LOST when it may have.
   */
  exec(target: ExecTarget, options: ExecOptions = {}): Promise<ExecStream> {
    const retry = this.#retry(target, 'exec', options.signal)
    return openExec(this.#rest, this.namespace, target, { ...options, heartbeat: this.#heartbeat, retry })
  }

  /** Begins the connection of the next `exec`, which need not come: its handshakes are a round trip or two. */
  connectAhead(): void {
    this.#rest.connectAhead()
  }

  /**
   * Returns when a container's node answers for it: after a failed `exec` this tells an outage from a command that
   * cannot be run. Waits as for any outage.
   *
   * Throws POD_FAILED when the container has ended or its pod is gone, ABORTED, or the API's error.
   */
  async awaitNode({ pod, container }: LogTarget, options: RequestOptions = {}): Promise<void> {
    const { signal } = options
    const answer = await this.#rest
      .open({
        method: 'GET',
        path: resourcePath('pods', this.namespace, pod, 'log'),
        query: { container, tailLines: 1, limitBytes: 1 },
        what: `reach container "${container}" of ${nameObject('pods', this.namespace, pod)} on its node`,
        signal,
        ...this.#retry({ pod, container }, 'exec', signal)
      })
      .catch((error: unknown) => {
        // The node has an opinion, or the role no right to ask for it.
        if (!isKubeError(error, 'INVALID', 'FORBIDDEN')) throw error
      })
    answer?.destroy()
  }

  /**
   * The bytes of a container's log as they come, not cut into lines. Opening is repeated while the API is out; a
   * connection that breaks later throws STREAM_LOST. Its end is no proof that the log ended: see `followLog`.
   */
  async *logs(target: LogTarget, options: LogOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { pod, container } = target
    const { signal, ...query } = options
    const what = `read the log of container "${container}" of ${nameObject('pods', this.namespace, pod)}`
    const response: IncomingMessage = await this.#rest.open({
      method: 'GET',
      path: resourcePath('pods', this.namespace, pod, 'log'),
      query: { container, ...query },
      what,
      signal,
      ...this.#retry(target, 'log', signal)
    })
    // Only the kernel can tell a quiet log from a dead peer; a log that is there has no reason to pause.
    response.socket.setKeepAlive(true, 5_000)
    if (options.follow !== true) response.setTimeout(LOG_STALL_MS, () => response.destroy())
    try {
      for await (const chunk of response) yield chunk as Uint8Array
    } catch (cause) {
      if (signal?.aborted === true) throw abortedError(signal)
      throw new KubeError('STREAM_LOST', `Could not ${what} to its end: the connection broke.`, { cause })
    } finally {
      response.destroy()
    }
  }

  /** What the API server tells of these pods by itself; it begins when somebody waits for news, or with `open`. */
  watchPods(selector: PodSelector): PodWatch {
    return this.#watches.of(selector)
  }

  /** The same for one pod, by a watch that knows it already. */
  watchPod(name: string): PodWatch {
    return this.#watches.ofPod(name)
  }

  /** Whether the role was found not to let pods be watched. */
  get mustPoll(): boolean {
    return this.#watches.isRefused
  }

  /** Polls pods without trying to watch them: an earlier client of the same role was refused. */
  pollPods(): void {
    this.#watches.refuse()
  }

  /** Ends watches and keep-alive connections, so that the process can exit. */
  close(): void {
    this.#watches.close()
    this.#rest.close()
  }

  /** For what a node answers: its kubelet may be away, or just begin and not know its pods yet (404). */
  #retry(
    { pod, container }: LogTarget,
    use: 'log' | 'exec',
    signal: AbortSignal | undefined
  ): Required<Pick<RetryOptions, 'verdict' | 'outlook'>> {
    const readPod = (): Promise<V1Pod> =>
      this.#rest.jsonOnce({
        method: 'GET',
        path: resourcePath('pods', this.namespace, pod),
        what: `get ${nameObject('pods', this.namespace, pod)}`,
        signal
      })
    return {
      verdict: error => (isKubeError(error, 'NOT_FOUND') ? 'outage' : retryVerdict(error)),
      outlook: async (error, number) => {
        // An API server that is away or busy says nothing about the node.
        const isNode = error.status === 404 || error.status === 500
        return isNode && (number > 0 || error.status === 404)
          ? containerOutlook({ pod, container, use }, readPod)
          : undefined
      }
    }
  }
}

interface Metadata {
  readonly name?: string
  readonly generateName?: string
  readonly annotations?: Readonly<Record<string, string>>
}
