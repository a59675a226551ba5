import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'

import { Api, pathOf } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'

const PULL_MS = 60_000

/**
 * Lets the kubelet pull an image, whether the node has it or not, and run `true` of it.
 *
 * @param pullSecret name of a Secret of type kubernetes.io/dockerconfigjson in the namespace
 * @returns `pulled`, or what the kubelet said
 */
export async function pullByKubelet(
  cluster: Cluster,
  namespace: string,
  image: string,
  pullSecret?: string
): Promise<string> {
  const api = new Api(cluster.kubeconfig)
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pull-${randomBytes(4).toString('hex')}`, namespace },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
      containers: [
        {
          name: 'image',
          image,
          imagePullPolicy: 'Always',
          command: ['true'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
        }
      ]
    }
  }
  await api.apply(pod)
  try {
    const until = Date.now() + PULL_MS
    for (;;) {
      const { status } = (await api.get<V1Pod>(pathOf(pod))) ?? {}
      if (status?.phase === 'Succeeded') return 'pulled'
      const waiting = status?.containerStatuses?.[0]?.state?.waiting
      if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff')
        return waiting.message ?? waiting.reason
      if (Date.now() > until) throw new Error(`${image} was not pulled in a minute: ${JSON.stringify(status)}`)
      await sleep(150)
    }
  } finally {
    await api.delete(pathOf(pod))
  }
}
