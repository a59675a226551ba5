import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { V1ResourceAttributes, V1SelfSubjectAccessReview } from '@kubernetes/client-node'
import type { ClusterConfig, Resources } from '@kaniko-hooks/kube'
import { WebSocketServer } from 'ws'
import type { Certificate } from './certificate.js'
import { podOfJob } from './job-controller.js'
import { type ApiCall, localServer, type LocalServer, respond } from './local-server.js'
import { type Collection, type Deletion, Objects, type SentObject } from './objects.js'
import type { StoredObject } from './stored-object.js'
import { type ExecScript, runExec } from './pod-exec.js'
import { PodLogs } from './pod-log.js'
import { running } from './pod-status.js'
import { isRefusal, notFound, type Refusal, refused } from './refusals.js'

const RESOURCES: Readonly<Record<keyof Resources, string>> = {
  pods: 'pods',
  jobs: 'jobs.batch',
  secrets: 'secrets',
  events: 'events',
  configmaps: 'configmaps',
  services: 'services',
  serviceaccounts: 'serviceaccounts',
  persistentvolumeclaims: 'persistentvolumeclaims',
  selfsubjectaccessreviews: 'selfsubjectaccessreviews.authorization.k8s.io'
}

/** `/api/v1/namespaces/<namespace>/<resource>/<name>/<subresource>`, or below `/apis/<group>/<version>`. */
const PATH = /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/

export interface ApiServerOptions {
  /** The namespace of `config`; default `arc`. */
  readonly namespace?: string
  /** Speaks TLS with this certificate, which is its own authority. */
  readonly tls?: Certificate
}

/** A request as it was understood. */
export interface Sighting {
  /** `POST pods`, `DELETE secrets/a`, `GET pods/a/log`; behind it `in <namespace>` for another one, and `(dry run)`. */
  readonly line: string
  readonly query: URLSearchParams
  readonly body: unknown
}

/** What becomes of a request in place of its usual answer: a refusal, or a connection that is cut. Undefined: nothing. */
export type Interception = Refusal | 'cut' | undefined

/** Gives an `Interception`, or a promise of one; whatever else it gives says nothing. */
type Interceptor = (sighting: Sighting) => unknown

interface Place extends Collection {
  readonly name: string | undefined
  readonly subresource: string | undefined
}

/**
 * The API server of a cluster with no nodes, in memory: it keeps objects, and answers as the real one does, over real HTTP
 * and WebSockets. What the rest of a cluster would do is said by tests: `onCreate` what becomes of an object, `exec` what
 * containers do with commands, `logs` what they print. Left alone, every pod runs at once and every Job gets its pod.
 */
export class ApiServer {
  readonly namespace: string
  /** All requests, in their order. */
  readonly sightings: Sighting[] = []
  readonly logs = new PodLogs()
  /** Runs commands in containers that run. */
  exec: ExecScript = () => 0
  /** Whether whoever asks has a right: attributes of an access review. */
  allows: (attributes: V1ResourceAttributes) => boolean = () => true
  /** Gives a token of a service account. */
  tokenOf: (account: string) => string = account => `token-of-${account}`
  readonly #local: LocalServer
  readonly #tls: Certificate | undefined
  readonly #objects = new Objects()
  readonly #interceptors: { readonly match: string | RegExp; readonly does: Interceptor; left: number }[] = []
  readonly #onCreate = new Map<string, (object: StoredObject, namespace: string) => unknown>()
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })

  private constructor(local: LocalServer, { namespace = 'arc', tls }: ApiServerOptions) {
    this.#local = local
    this.#tls = tls
    this.namespace = namespace
    local.server.on('upgrade', (request, stream: Socket, head) => void this.#upgrade(request, stream, head))
    this.onCreate('pods', pod => {
      pod.status ??= running(pod)
    })
    this.onCreate('jobs', (job, place) => {
      this.put('pods', podOfJob(job), place)
    })
  }

  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const began: { server?: ApiServer } = {}
    const handler = async (call: ApiCall, response: ServerResponse): Promise<void> =>
      began.server?.answer(call, response)
    const local = await localServer(handler, options.tls)
    began.server = new ApiServer(local, options)
    return began.server
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    await this.#local.close()
  }

  /** How to reach it. */
  get config(): ClusterConfig {
    const ca = this.#tls === undefined ? {} : { ca: this.#tls.cert }
    return { ...this.#local.config, ...ca, namespace: this.namespace }
  }

  /** The lines of all requests. */
  get asked(): string[] {
    return this.sightings.map(({ line }) => line)
  }

  /** The requests that change something, dry runs left out. */
  get changes(): string[] {
    return this.asked.filter(line => /^(POST|DELETE) /.test(line) && !line.endsWith('(dry run)'))
  }

  /** Puts an object there, as if somebody else had made it; what `onCreate` says becomes of it. */
  put<R extends keyof Resources>(resource: R, object: Resources[R], namespace = this.namespace): Resources[R] {
    const made = this.#objects.create({ resource: RESOURCES[resource], namespace }, object)
    if (isRefusal(made)) throw new Error(made.message)
    this.#onCreate.get(RESOURCES[resource])?.(made, namespace)
    return made as Resources[R]
  }

  /** Puts an object of a kind there that a CustomResourceDefinition has added; `resource` with its group. */
  putCustom(
    resource: string,
    namespace: string,
    object: SentObject & { readonly spec?: object; readonly status?: object }
  ): void {
    this.#objects.create({ resource, namespace }, object)
  }

  get<R extends keyof Resources>(resource: R, name: string, namespace = this.namespace): Resources[R] | undefined {
    return this.#objects.get({ resource: RESOURCES[resource], namespace }, name) as Resources[R] | undefined
  }

  all<R extends keyof Resources>(resource: R, namespace = this.namespace): Resources[R][] {
    return this.#objects.all({ resource: RESOURCES[resource], namespace }) as Resources[R][]
  }

  names(resource: keyof Resources, namespace = this.namespace): string[] {
    return this.#objects.all({ resource: RESOURCES[resource], namespace }).map(({ metadata }) => metadata.name)
  }

  /** Takes an object away at once, as if somebody had deleted it. */
  remove(resource: keyof Resources, name: string, namespace = this.namespace): void {
    this.#objects.remove({ resource: RESOURCES[resource], namespace }, name)
  }

  /** From now on, pods that are deleted with a grace stay for so long. */
  set lingerMs(ms: number) {
    this.#objects.lingerMs = ms
  }

  /** Says what becomes of each object of a kind once it is created, in place of what was said before. */
  onCreate<R extends keyof Resources>(resource: R, does: (object: Resources[R], namespace: string) => unknown): void {
    this.#onCreate.set(RESOURCES[resource], (object, namespace) => does(object as Resources[R], namespace))
  }

  /**
   * Looks at requests before they are answered.
   *
   * @param match a line of `asked`, or what it matches
   * @param times how often; then requests are answered as before
   */
  intercept(match: string | RegExp, does: Interceptor, times = Infinity): void {
    this.#interceptors.push({ match, does, left: times })
  }

  /** Refuses the next request of this kind, or so many. */
  refuse(match: string | RegExp, refusal: Refusal, times = 1): void {
    this.intercept(match, () => refusal, times)
  }

  /** For the HTTP server below. */
  async answer(call: ApiCall, response: ServerResponse): Promise<void> {
    const place = placeOf(call.path)
    if (place === undefined) {
      respond(response, 404, refused(404, 'NotFound', 'page not found'))
      return
    }
    const seen = await this.#see(call.method, place, call.query, call.body)
    if (seen === 'cut') return void call.socket.destroy()
    const isLog = place.subresource === 'log'
    const answer = seen ?? (isLog ? this.#answerLog(place, call, response) : this.#do(call, place))
    if (answer === undefined) return
    const code = isRefusal(answer) ? answer.code : call.method === 'POST' ? 201 : 200
    respond(response, code, answer)
  }

  async #see(method: string, place: Place, query: URLSearchParams, body: unknown): Promise<Interception> {
    const { resource, name, subresource, namespace } = place
    const path = [resource.split('.')[0], name, subresource].filter(part => part !== undefined).join('/')
    const elsewhere = namespace === '' || namespace === this.namespace ? '' : ` in ${namespace}`
    const line = `${method} ${path}${elsewhere}${query.has('dryRun') ? ' (dry run)' : ''}`
    const sighting = { line, query, body }
    this.sightings.push(sighting)
    for (const interceptor of this.#interceptors) {
      const { match, does, left } = interceptor
      if (left === 0 || !(typeof match === 'string' ? match === line : match.test(line))) continue
      interceptor.left -= 1
      const answer = await does(sighting)
      if (answer === 'cut' || (typeof answer === 'object' && answer !== null && isRefusal(answer))) return answer
    }
    return undefined
  }

  #do({ method, query, body }: ApiCall, place: Place): object | Refusal {
    const { resource, name, subresource, namespace } = place
    if (resource === RESOURCES.selfsubjectaccessreviews) {
      const { spec } = body as V1SelfSubjectAccessReview
      return { ...(body as object), status: { allowed: this.allows(spec.resourceAttributes ?? {}) } }
    }
    if (subresource === 'token' && name !== undefined) return this.#token(place, name, body)
    if (method === 'POST') {
      const made = this.#objects.create(place, body as SentObject, !query.has('dryRun'))
      if (!isRefusal(made) && !query.has('dryRun')) this.#onCreate.get(resource)?.(made, namespace)
      return made
    }
    if (name === undefined) return this.#list(place, query)
    if (method === 'DELETE') return this.#objects.delete(place, name, body as Deletion)
    if (method !== 'GET') return refused(405, 'MethodNotAllowed', `this server does not answer ${method}`)
    return this.#objects.get(place, name) ?? notFound(resource, name)
  }

  #list(place: Collection, query: URLSearchParams): object {
    const { items, next } = this.#objects.list(place, {
      labelSelector: query.get('labelSelector') ?? '',
      fieldSelector: query.get('fieldSelector') ?? '',
      limit: Number(query.get('limit') ?? 500),
      from: Number(query.get('continue') ?? 0)
    })
    return {
      kind: 'List',
      apiVersion: 'v1',
      metadata: next === 0 ? {} : { continue: String(next) },
      // As the real one: items have no kind.
      items: items.map(item => ({ ...item, kind: undefined, apiVersion: undefined }))
    }
  }

  #token({ namespace }: Place, account: string, body: unknown): object | Refusal {
    const accounts = { namespace, resource: RESOURCES.serviceaccounts }
    if (this.#objects.get(accounts, account) === undefined) return notFound('serviceaccounts', account)
    const { spec } = body as { spec: { boundObjectRef?: { kind: string; name: string } } }
    const bound = spec.boundObjectRef
    if (bound !== undefined) {
      const resource = `${bound.kind.toLowerCase()}s`
      if (this.#objects.get({ namespace, resource }, bound.name) === undefined) return notFound(resource, bound.name)
    }
    return { ...(body as object), status: { token: this.tokenOf(account) } }
  }

  #answerLog({ name = '', namespace }: Place, { query }: ApiCall, response: ServerResponse): Refusal | undefined {
    const look = (): Resources['pods'] | undefined => this.get('pods', name, namespace)
    return look() === undefined ? notFound('pods', name) : this.logs.answer(look, query, response)
  }

  async #upgrade(request: IncomingMessage, stream: Socket, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://local')
    const place = placeOf(url.pathname)
    const { name = '', namespace = '' } = place ?? {}
    const seen = place === undefined ? undefined : await this.#see('GET', place, url.searchParams, undefined)
    if (seen === 'cut') return void stream.destroy()
    const refusal = seen ?? this.#unreachable(name, namespace, url.searchParams.get('container') ?? '')
    if (refusal !== undefined) {
      refuseUpgrade(stream, refusal)
      return
    }
    this.#sockets.handleUpgrade(request, stream, head, socket => void runExec(socket, url, name, this.exec))
  }

  /** Why no command can be run in a container. */
  #unreachable(name: string, namespace: string, container: string): Refusal | undefined {
    const pod = this.get('pods', name, namespace)
    if (pod === undefined) return notFound('pods', name)
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    const isThere = statuses.some(status => status.name === container && status.state?.running !== undefined)
    if (isThere) return undefined
    return refused(500, 'InternalError', `unable to upgrade connection: container not found ("${container}")`)
  }
}

function placeOf(path: string): Place | undefined {
  const match: readonly (string | undefined)[] | null = PATH.exec(path)
  if (match === null) return undefined
  const [, group, namespace = '', plural = '', name, subresource] = match.map(part =>
    part === undefined ? undefined : decodeURIComponent(part)
  )
  return { namespace, resource: group === undefined ? plural : `${plural}.${group}`, name, subresource }
}

function refuseUpgrade(stream: Socket, refusal: Refusal): void {
  const body = JSON.stringify(refusal)
  const head = `HTTP/1.1 ${refusal.code} ${refusal.reason}\r\ncontent-type: application/json\r\nconnection: close`
  stream.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
