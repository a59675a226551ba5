import type { Cluster } from '../../harness/cluster/index.js'
import { Api } from '../../harness/cluster/api.js'
import type { Credentials } from './registry.js'

/**
 * Docker's configuration file with credentials for registries, as `kubectl create secret docker-registry` writes it.
 *
 * @param entries by `host:port`, or whatever else stands before the repository
 */
export function dockerConfig(entries: Readonly<Record<string, Credentials>>): string {
  const auths = Object.entries(entries).map(([host, { username, password }]) => [
    host,
    { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') }
  ])
  return JSON.stringify({ auths: Object.fromEntries(auths) as unknown })
}

/** Makes the Secret that `imagePullSecrets` takes, or changes it to these entries. */
export async function dockerConfigSecret(
  cluster: Cluster,
  namespace: string,
  name: string,
  entries: Readonly<Record<string, Credentials>>
): Promise<void> {
  await new Api(cluster.kubeconfig).apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(dockerConfig(entries)).toString('base64') }
  })
}
