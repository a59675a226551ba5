import type { ClusterConfig } from './config.js'
import type { ExecOptions, ExecStream, ExecTarget } from './exec.js'
import type { Resources } from './resources.js'

export interface KubeOptions {
  /** How long an API outage is waited for, per request; default 5 minutes. */
  readonly retryForMs?: number
  /** The same while the API server has not answered even once; default 20 s, so that a wrong address is told soon. */
  readonly firstContactMs?: number
  /** How often an exec's connection is tried for life (default 5 s) and after which silence it is lost (10 s). */
  readonly heartbeat?: { readonly everyMs: number; readonly deadlineMs: number }
  /** Told before each new try, with the reason. */
  readonly onRetry?: (why: string) => void
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

export class Kube {
  readonly namespace: string
  constructor(config: ClusterConfig, _options: KubeOptions = {}) {
    this.namespace = config.namespace
  }
  get requests(): number {
    throw new Error('not yet')
  }
  get<R extends keyof Resources>(_resource: R, _name: string, _options: RequestOptions = {}): Promise<Resources[R]> {
    throw new Error('not yet')
  }
  list<R extends keyof Resources>(_resource: R, _options: ListOptions = {}): Promise<Resources[R][]> {
    throw new Error('not yet')
  }
  create<R extends keyof Resources>(
    _resource: R,
    _object: Resources[R],
    _options: CreateOptions = {}
  ): Promise<Resources[R]> {
    throw new Error('not yet')
  }
  delete(_resource: keyof Resources, _name: string, _options: DeleteOptions = {}): Promise<boolean> {
    throw new Error('not yet')
  }
  exec(_target: ExecTarget, _options: ExecOptions = {}): Promise<ExecStream> {
    throw new Error('not yet')
  }
  /** The bytes of a container's log as they come, not cut into lines. */
  logs(_target: LogTarget, _options: LogOptions = {}): AsyncIterable<Uint8Array> {
    throw new Error('not yet')
  }
  close(): void {
    throw new Error('not yet')
  }
}
