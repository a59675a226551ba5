import type { RequestLine } from './registry.js'

/** Something that goes wrong with requests that a registry would have answered well. */
export interface Fault {
  /** The requests it meets: their method, and a regular expression on their path with its query. Default: all. */
  readonly method?: string
  readonly path?: string
  /** How many requests it meets; then it is used up, and the next fault of the list has its turn. */
  readonly times: number | 'always'
  readonly with: FaultAction
}

/**
 * - `answer`: this status, with the error code that the specification has for it; `retryAfter` in seconds.
 * - `hang`: the request is not read and never answered.
 * - `cut`: the connection is closed after so many bytes of the body, the request's in an upload, else the answer's. A
 *   shorter body is cut at its end, before the answer.
 */
export type FaultAction =
  { readonly answer: number; readonly retryAfter?: number } | { readonly hang: true } | { readonly cut: number }

export interface FaultCount extends Fault {
  /** How many requests it met so far. */
  readonly met: number
}

/**
 * How a service answers `DELETE /v2/<name>/manifests/<tag or digest>`; what it does not refuse, the registry behind does.
 *
 * - `harbor`: a tag is 400 UNSUPPORTED.
 * - `docker-hub`: a digest that a tag still names is 403, as its documentation says; it has no deletion of tags (405).
 * - `ghcr`: everything is 405 UNSUPPORTED.
 * - `ecr`: takes digests only; its answer to a tag is not documented, so it is a refusal (405) here.
 * - `ecr-before-2023`: has no such route: 404 with a text that is not JSON.
 */
export type DeleteRules = 'harbor' | 'docker-hub' | 'ghcr' | 'ecr' | 'ecr-before-2023'

/** A request in the proxy's log. */
export interface ProxyRequestLine extends RequestLine {
  readonly authorization: string | null
  /** Which fault it met. */
  readonly fault?: 'answer' | 'hang' | 'cut'
}

/** What the proxy's program is told at its start. */
export interface ProxyConfig {
  readonly port: number
  /** Where {@link ProxyControl} is served, over plain HTTP. */
  readonly controlPort: number
  /** Files; without them it serves plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly upstream: string
  /** File with the authority of the upstream's certificate. */
  readonly upstreamAuthority?: string
  readonly deleteRules: DeleteRules | null
}

/** The resources of the control port: each can be read by GET and written by PUT, as JSON. */
export interface ProxyControl {
  readonly '/requests': readonly ProxyRequestLine[]
  readonly '/faults': readonly FaultCount[]
  readonly '/delete-rules': DeleteRules | null
}
