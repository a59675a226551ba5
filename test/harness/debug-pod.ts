import type { Cluster } from './cluster/index.js'
import { apply, kubectl } from './kubectl.js'

/**
 * Starts a pod of what Kaniko's debug image is: the executor, a shell of busybox in the volume `/busybox`, and `/bin/sh` that leads
 * to it (GoogleContainerTools/kaniko, `deploy/Dockerfile`). The container is `kaniko`.
 */
export async function startDebugPod(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const volumeMounts = [{ name: 'busybox', mountPath: '/busybox' }]
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'busybox', emptyDir: {} }],
      initContainers: [{ name: 'tools', image: cluster.images.busybox, command: ['sh', '-c', INSTALL], volumeMounts }],
      containers: [
        {
          name: 'kaniko',
          image: cluster.images.kaniko,
          command: ['/busybox/sh', '-c', SERVE],
          env: [{ name: 'PATH', value: '/usr/local/bin:/kaniko:/busybox' }],
          volumeMounts
        }
      ]
    }
  })
  await kubectl(cluster, ['-n', namespace, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s'])
}

const INSTALL = `
cp /bin/busybox /busybox/busybox
for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "/busybox/$applet"; done`

const SERVE = 'mkdir -p /bin; ln -s /busybox/sh /bin/sh; trap "exit 0" TERM; while :; do sleep 1; done'
