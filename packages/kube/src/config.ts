/** How to reach one cluster, and as whom. */
export interface ClusterConfig {
  readonly server: URL
  /** The namespace that every request goes to. */
  readonly namespace: string
  /** PEM. Without it the certificates that node knows are trusted. */
  readonly ca?: string
  /** PEM */
  readonly clientCertificate?: string
  /** PEM */
  readonly clientKey?: string
  /** The name in the server's certificate when it is not the host of `server`. */
  readonly serverName?: string
  /** True only when a kubeconfig says `insecure-skip-tls-verify`. */
  readonly insecure?: boolean
  /** The bearer token. Called for each request, since mounted tokens rotate. */
  readonly token: () => Promise<string | undefined>
}

export interface InClusterEnvironment {
  /** KUBERNETES_SERVICE_HOST */
  readonly host: string | undefined
  /** KUBERNETES_SERVICE_PORT */
  readonly port: string | undefined
  /** Where the service account is mounted; default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountDir?: string
}

export function inClusterConfig(_environment: InClusterEnvironment): Promise<ClusterConfig> {
  throw new Error('not yet')
}
