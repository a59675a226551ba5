import { randomBytes } from 'node:crypto'

import type { V1DaemonSet, V1Pod } from '@kubernetes/client-node'

import { Api, pathOf } from '../../harness/cluster/api.js'
import { apply, manifest, remove, SYSTEM, type AnyCluster } from './objects.js'
import { podsOf, troubleOf, waitingOf, warningsOf } from './trouble.js'
import { until } from './wait.js'

/** A node that pulls slowly has so long; one that cannot pull at all says so within some 20 seconds. */
const PULL_SECONDS = 120
const REFUSALS: ReadonlySet<string> = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])

/** What the driver needs of each node. */
export interface NodeNeeds {
  readonly image: string
  /** The kubelet's directory. */
  readonly kubelet: string
}

/**
 * Looks whether every node has what the driver needs, before anything that runs is changed.
 *
 * @throws with what the kubelet said, and what to do
 */
export async function checkNodes(cluster: AnyCluster, needs: NodeNeeds): Promise<void> {
  const { image, kubelet } = needs
  const name = `node-check-${randomBytes(4).toString('hex')}`
  const set = daemonSet(name, needs)
  const namespace = (await manifest('system.yaml')).filter(({ kind }) => kind === 'Namespace')
  await apply(cluster, [...namespace, set])
  try {
    await until(
      `The nodes have the image ${image}`,
      PULL_SECONDS,
      async () => {
        const pods = await podsOf(cluster, name)
        const refusal = pods.map(waitingOf).find(waiting => REFUSALS.has(waiting?.reason ?? ''))
        if (refusal !== undefined) throw cannotPull(image, refusal.message ?? refusal.reason ?? '')
        const mount = (await warningsOf(cluster, name)).find(({ reason }) => reason === 'FailedMount')
        if (mount !== undefined) throw cannotMount(kubelet, mount.message ?? '')
        const { status } = (await new Api(cluster.kubeconfig).get<V1DaemonSet>(pathOf(set))) ?? {}
        const wanted = status?.desiredNumberScheduled ?? 0
        return wanted > 0 && pods.filter(hasImage).length >= wanted ? true : undefined
      },
      () => troubleOf(cluster, name)
    )
  } finally {
    await remove(cluster, [set])
  }
}

function hasImage({ status }: V1Pod): boolean {
  return (status?.containerStatuses?.[0]?.imageID ?? '') !== ''
}

function cannotPull(image: string, said: string): Error {
  return new Error(
    `The nodes cannot pull the emulator's image ${image}: ${said}. Make it with \`npm run connector -- image FILE\` and load it ` +
      'onto each node (kind load image-archive FILE), or push it to a registry of theirs and name it there by --image.'
  )
}

function cannotMount(kubelet: string, said: string): Error {
  return new Error(`The kubelet's directory on the nodes is not ${kubelet}: ${said}. Name it by --kubelet.`)
}

/** Its program ends at once for want of a command: that it was started is enough. */
function daemonSet(name: string, { image, kubelet }: NodeNeeds) {
  const volumes = ['pods', 'plugins_registry'].map((path, index) => ({
    name: `directory-${index}`,
    hostPath: { path: `${kubelet}/${path}`, type: 'Directory' }
  }))
  const labels = { 'app.kubernetes.io/name': name }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: SYSTEM, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 0,
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'image',
              image,
              volumeMounts: volumes.map(volume => ({
                name: volume.name,
                mountPath: volume.hostPath.path,
                readOnly: true
              }))
            }
          ],
          volumes
        }
      }
    }
  }
}
