import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request as send, type RequestOptions } from 'node:https'
import { dirname, resolve } from 'node:path'

import { load } from 'js-yaml'

import { ClusterError } from './errors.js'

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly { name: string; context: { cluster: string; user: string } }[]
  readonly clusters?: readonly { name: string; cluster: Record<string, unknown> }[]
  readonly users?: readonly { name: string; user: Record<string, unknown> }[]
}

/** A Kubernetes object, as far as this directory looks into one. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/** What the server answered. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

const CLUSTER_WIDE = new Set([
  ...['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'StorageClass', 'PersistentVolume'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'CustomResourceDefinition', 'CSIDriver'],
  ...['ConnectorClass', 'MutatingWebhookConfiguration', 'RuntimeClass']
])

/**
 * Requests to the API server of a kubeconfig. The cluster has its own few lines instead of the product's client, so that
 * a mistake there cannot hide itself here, and kubectl would cost 0.2 s each time.
 */
export class Api {
  readonly server: string
  readonly #options: RequestOptions

  constructor(kubeconfigFile: string) {
    const { server, ...options } = readKubeconfig(kubeconfigFile)
    this.server = server
    // A connection that waits for the next request does not keep the process alive (Node unrefs its socket).
    this.#options = { ...options, agent: new Agent({ keepAlive: true }) }
  }

  /** One request. Any status is an answer; only a connection that fails is an error. */
  async request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const { status, text } = await this.#send(method, path, body, contentType)
    return { status, body: parse(text) }
  }

  /** The text at a path, such as a container's log. */
  async text(path: string): Promise<string> {
    const { status, text } = await this.#send('GET', path, undefined, '')
    if (status !== 200) throw new ClusterError(`GET ${path} answered ${status}: ${text.slice(0, 300)}`)
    return text
  }

  #send(
    method: string,
    path: string,
    body: unknown,
    contentType: string
  ): Promise<{ readonly status: number; readonly text: string }> {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const headers: Record<string, string | number> = { ...(this.#options.headers as Record<string, string>) }
    if (payload !== undefined) {
      headers['Content-Type'] = contentType
      headers['Content-Length'] = Buffer.byteLength(payload)
    }
    return new Promise((resolve, reject) => {
      const outgoing = send(new URL(path, this.server), { ...this.#options, method, headers, timeout: 30_000 })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${this.server} did not answer within 30 s`)))
      outgoing.on('error', reject)
      outgoing.on('response', incoming => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, text })
        })
      })
      outgoing.end(payload)
    })
  }

  /**
   * Follows a list: gives all that is in it, and then each change, as whole objects, the last state of deleted ones too.
   *
   * @returns once it has begun; `ended` comes with the signal, or fails with the connection
   */
  async watch(
    path: string,
    onObject: (object: unknown) => void,
    signal: AbortSignal
  ): Promise<{ readonly ended: Promise<void> }> {
    const list = await this.get<{ items: unknown[]; metadata: { resourceVersion: string } }>(path)
    if (list === undefined) throw new ClusterError(`There is no ${path}.`)
    list.items.forEach(onObject)
    const url = new URL(`${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`, this.server)
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      send(url, { ...this.#options, signal })
        .on('error', reject)
        .on('response', resolve)
        .end()
    })
    return { ended: readEvents(incoming, path, onObject, signal) }
  }

  /** The object at a path, or undefined while it is not there. */
  async get<T>(path: string): Promise<T | undefined> {
    const { status, body } = await this.request('GET', path)
    if (status === 404) return undefined
    if (status !== 200) throw new ClusterError(`GET ${path} answered ${status}: ${JSON.stringify(body).slice(0, 300)}`)
    return body as T
  }

  /** Makes an object as it is described, or changes it to that. */
  async apply(object: KubernetesObject): Promise<void> {
    const path = `${pathOf(object)}?fieldManager=kaniko-hooks-test&force=true`
    const { status, body } = await this.request('PATCH', path, object, 'application/apply-patch+yaml')
    if (status !== 200 && status !== 201)
      throw new ClusterError(
        `${object.kind} ${object.metadata.name} was not accepted (${status}): ${JSON.stringify(body).slice(0, 300)}`
      )
  }

  /** Deletes what is at a path; what is not there is deleted already. */
  async delete(path: string): Promise<void> {
    const { status, body } = await this.request('DELETE', path)
    if (status !== 404 && status >= 300)
      throw new ClusterError(`DELETE ${path} answered ${status}: ${JSON.stringify(body).slice(0, 300)}`)
  }
}

/** The path of an object's own resource. */
export function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const namespace = CLUSTER_WIDE.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`
  return `${group}${namespace}/${pluralOf(kind)}/${metadata.name}`
}

function pluralOf(kind: string): string {
  const name = kind.toLowerCase()
  if (name.endsWith('s')) return `${name}es`
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`
}

/** One event per line. */
async function readEvents(
  incoming: IncomingMessage,
  path: string,
  onObject: (object: unknown) => void,
  signal: AbortSignal
): Promise<void> {
  try {
    let rest = ''
    for await (const chunk of incoming.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { readonly type?: string; readonly object?: unknown }
        // A refusal is a Status, and so is what an ERROR carries.
        if (object === undefined || type === 'ERROR') throw new ClusterError(`watching ${path}: ${line.slice(0, 300)}`)
        onObject(object)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (!signal.aborted) throw new ClusterError(`The watch of ${path} ended too early.`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function readKubeconfig(file: string): RequestOptions & { server: string } {
  let config: Kubeconfig
  try {
    config = load(readFileSync(file, 'utf8')) as Kubeconfig
  } catch (error) {
    throw new ClusterError(`The kubeconfig ${file} cannot be read.`, { cause: error })
  }
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster
  const user = config.users?.find(({ name }) => name === context?.user)?.user ?? {}
  const server = cluster?.['server']
  if (cluster === undefined || typeof server !== 'string')
    throw new ClusterError(`The kubeconfig ${file} has no current context with a server.`)
  const bytes = (from: Record<string, unknown>, name: string): Buffer | undefined => {
    const data = from[`${name}-data`]
    if (typeof data === 'string') return Buffer.from(data, 'base64')
    const path = from[name]
    return typeof path === 'string' ? readFileSync(resolve(dirname(file), path)) : undefined
  }
  const options: RequestOptions & { server: string } = { server }
  const ca = bytes(cluster, 'certificate-authority')
  const cert = bytes(user, 'client-certificate')
  const key = bytes(user, 'client-key')
  const token = user['token']
  if (ca !== undefined) options.ca = ca
  if (cert !== undefined) options.cert = cert
  if (key !== undefined) options.key = key
  if (typeof token === 'string') options.headers = { Authorization: `Bearer ${token}` }
  if (cluster['insecure-skip-tls-verify'] === true) options.rejectUnauthorized = false
  return options
}
