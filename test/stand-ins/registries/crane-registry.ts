import type { Cluster } from '../../harness/cluster/index.js'
import { craneLines } from './access-log.js'
import { create, NAME_LABEL, nodeAddress, nodePortsOf, waitUntilReady } from './objects.js'
import { serviceOf } from './program.js'
import type { Registry } from './registry.js'
import { runningRegistry } from './running-registry.js'

const PORTS = { registry: 5000 }

/**
 * `crane registry serve`: an implementation that shares no code with distribution. Plain HTTP, open to all. It keeps a tag
 * and a digest as two names for a manifest: deleting one leaves the other.
 */
export async function craneRegistry(
  cluster: Cluster,
  namespace: string,
  { name = 'crane' }: { readonly name?: string } = {}
): Promise<Registry> {
  const undo = await create(cluster, [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { [NAME_LABEL]: name } },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          fsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' }
        },
        containers: [
          {
            name: 'registry',
            image: cluster.images.crane,
            args: ['registry', 'serve', `--address=:${PORTS.registry}`, '--disk=/storage'],
            ports: [{ name: 'registry', containerPort: PORTS.registry }],
            readinessProbe: { tcpSocket: { port: 'registry' }, periodSeconds: 1 },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] }
            },
            volumeMounts: [
              { name: 'storage', mountPath: '/storage' },
              { name: 'tmp', mountPath: '/tmp' }
            ]
          }
        ],
        volumes: [
          { name: 'storage', emptyDir: {} },
          { name: 'tmp', emptyDir: {} }
        ]
      }
    },
    serviceOf({ namespace, name, ports: PORTS })
  ])
  await waitUntilReady(cluster, namespace, name)
  const { registry: nodePort = 0 } = await nodePortsOf(cluster, namespace, name)
  return runningRegistry({
    cluster,
    namespace,
    name,
    pushHost: `${name}.${namespace}.svc.cluster.local:${PORTS.registry}`,
    pullHost: `localhost:${nodePort}`,
    endpoint: { url: `http://${await nodeAddress(cluster)}:${nodePort}` },
    undo: [undo],
    lines: craneLines
  })
}
