import type { KubernetesObject } from '../../harness/cluster/api.js'
import type { Knobs } from './knobs.js'
import { SYSTEM } from './objects.js'

/** Ports of the proxy's pod. */
const PORTS = { http: 8080, admin: 8081 }

export interface ProxyOptions {
  readonly image: string
  readonly knobs?: Partial<Knobs>
  /** Where nodes listen for it; default: the API server chooses. */
  readonly nodePort?: number
}

/** The name of a connector's service, in its namespace. */
export function serviceName(name: string): string {
  return `c-${name}`
}

/** The name of all that runs for one connector in the namespace of all of them. */
export function proxyName(namespace: string, name: string): string {
  const result = `c-${namespace}-${name}`
  if (result.length > 63)
    throw new Error(`The names ${namespace} and ${name} are too long together: ${result} is no name of a service.`)
  return result
}

/**
 * The objects of a connector's proxy. It runs apart from the connector, so that nobody with rights in the connector's
 * namespace can become its service account; the service there has no selector, and the proxy makes itself its endpoint.
 */
export function proxyObjects(
  namespace: string,
  name: string,
  { image, knobs = {}, nodePort }: ProxyOptions
): KubernetesObject[] {
  const proxy = proxyName(namespace, name)
  const labels = { 'app.kubernetes.io/name': proxy, 'app.kubernetes.io/part-of': 'connector-emulator' }
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: serviceName(name), namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: PORTS.http }] }
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: proxy, namespace: SYSTEM, labels },
      spec: {
        type: 'NodePort',
        selector: { 'app.kubernetes.io/name': proxy },
        ports: [
          { name: 'http', port: 80, targetPort: 'http', ...(nodePort === undefined ? {} : { nodePort }) },
          { name: 'admin', port: PORTS.admin, targetPort: 'admin' }
        ]
      }
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: proxy, namespace: SYSTEM, labels },
      spec: {
        // Two at once would be endpoints in turn, with sessions and logs of their own.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: { 'app.kubernetes.io/name': proxy } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'connectors-proxy',
            terminationGracePeriodSeconds: 1,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'plugin',
                image,
                args: ['proxy'],
                env: [
                  { name: 'LISTEN', value: `:${PORTS.http}` },
                  { name: 'ADMIN', value: `:${PORTS.admin}` },
                  { name: 'SERVICE', value: `${namespace}/${serviceName(name)}` },
                  { name: 'KNOBS', value: JSON.stringify(knobs) },
                  { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }
                ],
                ports: Object.entries(PORTS).map(([port, number]) => ({ name: port, containerPort: number })),
                readinessProbe: { httpGet: { path: '/healthz', port: 'admin' }, periodSeconds: 1 },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] }
                }
              }
            ]
          }
        }
      }
    }
  ]
}
