import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ClusterConfig } from './config.js'
import { errorField } from './error-field.js'
import { KubeError } from './errors.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * The current context of a kubeconfig file: certificates and tokens, inline or as files (relative to the kubeconfig).
 * Credential plugins (`exec`, `auth-provider`) and passwords are refused. Throws a KubeError NO_CREDENTIALS.
 */
export async function kubeconfigFile(path: string): Promise<ClusterConfig> {
  // Loaded only here: the hook in a pod never needs a YAML parser for its credentials.
  const { load } = await import('js-yaml')
  const file = fields(await readYaml(path, load))
  const current = text(file, 'current-context') ?? ''
  const context = findNamed(path, file, 'contexts', current, 'context')
  const clusterName = text(context, 'cluster') ?? ''
  const userName = text(context, 'user') ?? ''
  const cluster = findNamed(path, file, 'clusters', clusterName, 'cluster')
  const user = findNamed(path, file, 'users', userName, 'user')

  const unsupported = ['exec', 'auth-provider', 'username'].filter(key => user[key] !== undefined)
  if (unsupported.length > 0) {
    throw new KubeError(
      'NO_CREDENTIALS',
      `The user "${userName}" in ${path} signs in by ${unsupported.join(', ')}, which is not supported. ` +
        'Use a token, a tokenFile or a client certificate.'
    )
  }
  const server = text(cluster, 'server')
  if (server === undefined || !URL.canParse(server)) {
    throw new KubeError('NO_CREDENTIALS', `The cluster "${clusterName}" in ${path} has no valid server address.`)
  }

  const pem = (holder: Fields, key: string): Promise<string | undefined> => readPem(path, holder, key)
  const [ca, clientCertificate, clientKey] = await Promise.all([
    pem(cluster, 'certificate-authority'),
    pem(user, 'client-certificate'),
    pem(user, 'client-key')
  ])
  const serverName = text(cluster, 'tls-server-name')
  return {
    server: new URL(server),
    namespace: text(context, 'namespace') ?? 'default',
    ...(ca !== undefined && { ca }),
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(clientKey !== undefined && { clientKey }),
    ...(serverName !== undefined && { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true && { insecure: true }),
    token: tokenReader(path, user)
  }
}

async function readYaml(path: string, load: (text: string) => unknown): Promise<unknown> {
  const refused = (why: string): KubeError =>
    new KubeError('NO_CREDENTIALS', `The kubeconfig ${path} cannot be read: ${why}`)
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw refused(errorField(cause, 'message') ?? 'unknown')
  })
  try {
    return load(content)
  } catch (cause) {
    // The parser's own words quote lines of the file, which may hold a token; they are neither told nor kept.
    const line = (cause as { readonly mark?: { readonly line?: number } }).mark?.line
    throw refused(`it is no YAML${line === undefined ? '' : ` (line ${line + 1})`}`)
  }
}

function tokenReader(path: string, user: Fields): () => Promise<string | undefined> {
  const tokenFile = text(user, 'tokenFile')
  const token = text(user, 'token')
  if (tokenFile === undefined) return () => Promise.resolve(token)
  return async () => {
    try {
      return (await readFile(resolve(dirname(path), tokenFile), 'utf8')).trim()
    } catch (cause) {
      throw new KubeError('NO_CREDENTIALS', `The token file ${tokenFile} of ${path} cannot be read.`, { cause })
    }
  }
}

async function readPem(path: string, holder: Fields, key: string): Promise<string | undefined> {
  const data = text(holder, `${key}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const file = text(holder, key)
  if (file === undefined) return undefined
  try {
    return await readFile(resolve(dirname(path), file), 'utf8')
  } catch (cause) {
    throw new KubeError('NO_CREDENTIALS', `The ${key} ${file} of ${path} cannot be read.`, { cause })
  }
}

function findNamed(path: string, file: Fields, list: string, name: string, key: string): Fields {
  const entries = Array.isArray(file[list]) ? file[list].map(fields) : []
  const entry = entries.find(candidate => candidate['name'] === name)
  if (entry === undefined) {
    throw new KubeError('NO_CREDENTIALS', `The kubeconfig ${path} has no ${key} "${name}" in its ${list}.`)
  }
  return fields(entry[key])
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function text(holder: Fields, key: string): string | undefined {
  const value = holder[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}
