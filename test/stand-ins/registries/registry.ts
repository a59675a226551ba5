/** A registry that a test pushes to and pulls from: a real server in a pod of the test cluster. */
export interface Registry {
  /** `host:port` for build pods and for the hook. */
  readonly pushHost: string
  /** `host:port` for the kubelet. The same as {@link pushHost} when the registry has one name for all. */
  readonly pullHost: string
  /** The authority that signed its certificate, as PEM; without one it speaks plain HTTP. */
  readonly ca?: string
  /** Who may come in; without them everybody may do everything. */
  readonly users?: Users
  /** What it holds, as `repository:tag`, asked with an administrator's rights. */
  images(): Promise<string[]>
  /** What it was asked, in the order of its log; the kubelet's probes are left out. */
  requests(): Promise<RequestLine[]>
  /** Deletes all that was made for it, in the cluster and on the node. */
  remove(): Promise<void>
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * One user for each kind of right. A registry with a password file knows them all and tells them apart by nothing but
 * their names; one with tokens gives each its own rights.
 */
export type Users = Readonly<Record<UserName, Credentials>>

/**
 * `push` may push and pull below one path, `delete` may delete there too, `pull` may only pull, but everything, and
 * `admin` may do all, the catalogue included.
 */
export type UserName = 'push' | 'pull' | 'delete' | 'admin'

/** One request that a registry, or the proxy before it, has seen. */
export interface RequestLine {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Missing while there is no answer, and in the log of a server that does not say it. */
  readonly status?: number
  /** The scheme of its Authorization header, null when it had none; missing in the log of a server that does not say it. */
  readonly authorization?: string | null
}
