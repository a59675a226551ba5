import { Api } from './cluster/api.js'
import type { Cluster } from './cluster/index.js'

/** As pods know the API server. */
const IN_CLUSTER = 'https://kubernetes.default.svc'

/** A kubeconfig with an hour's token of a service account, for pods of the cluster unless another server is named. */
export async function kubeconfigOf(
  { kubeconfig }: Cluster,
  namespace: string,
  account: string,
  server = IN_CLUSTER
): Promise<string> {
  const api = new Api(kubeconfig)
  const answer = await api.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 }
  })
  const { token } = (answer.body as { status: { token: string } }).status
  const ca = await api.get<{ data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`
  )
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca?.data['ca.crt'] ?? '').toString('base64') }
      }
    ],
    users: [{ name: 'u', user: { token } }]
  })
}
