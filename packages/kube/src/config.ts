import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { KubeError } from './errors.js'

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

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

/**
 * The configuration of a process in a pod: the address from the environment, the rest from the service account's
 * mount. Throws a KubeError NO_CREDENTIALS that names what is missing.
 */
export async function inClusterConfig(environment: InClusterEnvironment): Promise<ClusterConfig> {
  const { host, port, serviceAccountDir: directory = SERVICE_ACCOUNT_DIR } = environment
  if (host === undefined || host === '') {
    throw new KubeError(
      'NO_CREDENTIALS',
      'This does not run in a Kubernetes pod: KUBERNETES_SERVICE_HOST is not set. Run it in a pod, or set KUBECONFIG.'
    )
  }
  const token = (): Promise<string> => readMounted(directory, 'token')
  const [, ca, namespace] = await Promise.all([
    token(),
    readMounted(directory, 'ca.crt'),
    readMounted(directory, 'namespace')
  ])
  return { server: serverUrl(host, port), ca, namespace, token }
}

function serverUrl(host: string, port: string | undefined): URL {
  return new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port === undefined || port === '' ? '443' : port}`)
}

async function readMounted(directory: string, file: string): Promise<string> {
  const path = join(directory, file)
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (text !== '') return text
  } catch (cause) {
    throw notMounted(path, cause)
  }
  throw notMounted(path)
}

function notMounted(path: string, cause?: unknown): KubeError {
  return new KubeError(
    'NO_CREDENTIALS',
    `The service account token is not mounted: ${path} cannot be read. Give the runner pod a service account ` +
      '(serviceAccountName) and do not set automountServiceAccountToken: false on the pod or on the service account.',
    { cause }
  )
}
