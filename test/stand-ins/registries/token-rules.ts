import type { RequestLine } from './registry.js'

/** What the token service's program is told at its start. */
export interface TokenServiceConfig {
  readonly port: number
  /** Files; the key signs the tokens too, and its certificate goes with them. */
  readonly tls: { readonly certificate: string; readonly key: string }
  /** The registry, and the file with the authority of its certificate. */
  readonly upstream: string
  readonly upstreamAuthority: string
  readonly issuer: string
  readonly service: string
  /** Seconds from its issue to the moment when the registry refuses a token. */
  readonly lifetime: number
  readonly users: readonly TokenUser[]
}

export interface TokenUser {
  readonly username: string
  readonly password: string
  /** Takes the place of the password: what `docker login` keeps of services that give such. */
  readonly identityToken: string
  readonly grants: readonly Grant[]
}

/** The right to do some things with the resources that a regular expression describes: `repository:builds/.*`. */
export interface Grant {
  readonly resources: string
  readonly actions: readonly string[]
}

/** A request in the token service's log. */
export interface TokenRequestLine extends RequestLine {
  readonly authorization: string | null
  /** Null: it gave no name, or a wrong password. */
  readonly user: string | null
  /** The scopes that it asked for, as `repository:a/b:pull,push`, and those that it got. */
  readonly asked: readonly string[]
  readonly granted: readonly string[]
}
