import { Api, type KubernetesObject } from '../../harness/cluster/api.js'
import { apply, refused, type AnyCluster } from './objects.js'

/** Makes a service account that may get one connector, or with null none, and nothing else. */
export async function connectorUser(
  cluster: AnyCluster,
  namespace: string,
  serviceAccount: string,
  connector: { readonly namespace: string; readonly name: string } | null
): Promise<void> {
  await apply(cluster, [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } },
    ...(connector === null ? [] : rights(namespace, serviceAccount, connector))
  ])
}

function rights(
  namespace: string,
  serviceAccount: string,
  connector: { readonly namespace: string; readonly name: string }
): KubernetesObject[] {
  const metadata = { name: `${serviceAccount}-${connector.name}`, namespace: connector.namespace }
  const group = 'rbac.authorization.k8s.io'
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        {
          apiGroups: ['connectors.alauda.io'],
          resources: ['connectors'],
          resourceNames: [connector.name],
          verbs: ['get']
        }
      ]
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }]
    }
  ]
}

/** A token of a service account by TokenRequest, as `kubectl create token` makes it. The API server wants 600 seconds. */
export async function serviceAccountToken(
  cluster: AnyCluster,
  namespace: string,
  serviceAccount: string,
  seconds = 600
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
  const { status, body } = await new Api(cluster.kubeconfig).request('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: seconds }
  })
  const token = (body as { readonly status?: { readonly token?: string } }).status?.token
  if (status !== 201 || token === undefined) throw refused(`a token of ${namespace}/${serviceAccount}`, status, body)
  return token
}
