/**
 * What the proxy does where the documentation is silent or contradicts itself, and what goes wrong. A status of 0 means:
 * as the upstream answers. The defaults are those of `README.md`.
 */
export interface Knobs {
  /** What selects the connector: the path since 1.1, the host in 1.0; default: path. */
  readonly resolver: 'path' | 'host'
  /** Whose token the token endpoint gives; default: own. */
  readonly bearer: 'own' | 'upstream'
  /** How long an own bearer lives; default: 300. */
  readonly bearerSeconds: number
  /** Ends a service account's token so long after it was issued: the API server gives none for less than ten minutes. */
  readonly tokenLifeSeconds: number
  /** Looks at the service account's token and right for each request, not at the token endpoint alone; default: false. */
  readonly checkEachRequest: boolean
  /** Takes a service account's token in Basic authorization at every place; default: true. */
  readonly basic: boolean
  /** Takes it as a bearer too; default: false. */
  readonly serviceAccountBearer: boolean
  /** Wants the verb `*` on `connectors/proxy` too; default: false. */
  readonly proxyPermission: boolean
  /** To POST at the token endpoint; with 200 a password grant is taken; default: 405. */
  readonly tokenPost: 405 | 404 | 200
  /** To a service account without the right; default: 403. */
  readonly forbidden: 403 | 401
  /** Default: 404. */
  readonly unknownConnector: 404 | 400 | 401 | 403
  /** The repository in a challenge; default: prefixed. */
  readonly challengeScope: 'prefixed' | 'upstream'
  /** Of uploads; default: relative. */
  readonly location: 'relative' | 'absolute' | 'unrewritten'
  readonly deleteDigest: 0 | 401 | 403 | 404 | 405
  readonly deleteTag: 0 | 400 | 405
  /** To `/v2/_catalog`; default: 404. */
  readonly catalog: 404 | 401
  /** What the forward proxy does for hosts that are not the connector's; default: tunnel. */
  readonly otherHosts: 'tunnel' | 'resign' | 'refuse'
}

/** One request that a proxy has seen; never a token. */
export interface ProxyLine {
  readonly method: string
  readonly host: string
  /** With its query. */
  readonly path: string
  readonly via: 'reverse' | 'token' | 'forward'
  /** The scheme of the header that counts there. */
  readonly authorization: string | null
  /** `namespace/name` of the service account that was recognised. */
  readonly who: string | null
  /** `namespace/name` */
  readonly connector: string | null
  readonly status: number
  /** Whether the upstream's credential was used for it. */
  readonly injected: boolean
  /** What the proxy said when it refused. */
  readonly problem: string | null
}
