import { randomBytes } from 'node:crypto'

import type { V1Pod } from '@kubernetes/client-node'

import { Api, pathOf } from '../../harness/cluster/api.js'
import { apply, remove, type AnyCluster } from './objects.js'
import { until } from './wait.js'

/** A pod with a volume of the driver in it. */
export interface ClientPod {
  readonly image: string
  /** Default: the image's. */
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly serviceAccount: string
  /** Volumes of the driver, by the directory that they are mounted at. */
  readonly volumes: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Further files, by the directory that they are mounted at. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly securityContext?: object
}

/** What became of a pod. */
export interface ClientResult {
  readonly code: number
  readonly log: string
  /** The kubelet's directory of the pod is named so. */
  readonly uid: string
}

const RUN_SECONDS = 120

/** Runs a pod to its end and removes it. */
export async function runClient(cluster: AnyCluster, namespace: string, client: ClientPod): Promise<ClientResult> {
  const name = `client-${randomBytes(4).toString('hex')}`
  const objects = objectsOf(namespace, name, client)
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } }
  const api = new Api(cluster.kubeconfig)
  await apply(cluster, objects)
  try {
    const ended = await until(`The pod ${name} has ended`, RUN_SECONDS, async () => {
      const found = await api.get<V1Pod>(pathOf(pod))
      const isEnded = found?.status?.phase === 'Succeeded' || found?.status?.phase === 'Failed'
      return isEnded ? found : undefined
    })
    const { body } = await api.request('GET', `${pathOf(pod)}/log`)
    return {
      code: ended.status?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? -1,
      log: typeof body === 'string' ? body : JSON.stringify(body),
      uid: ended.metadata?.uid ?? ''
    }
  } finally {
    await remove(cluster, objects)
  }
}

/** What the kubelet says of a volume that the driver refuses, from the pod's events. */
export async function mountRefusal(cluster: AnyCluster, namespace: string, client: ClientPod): Promise<string> {
  const name = `client-${randomBytes(4).toString('hex')}`
  const objects = objectsOf(namespace, name, client)
  const api = new Api(cluster.kubeconfig)
  const selector = encodeURIComponent(`involvedObject.name=${name},reason=FailedMount`)
  await apply(cluster, objects)
  try {
    return await until(`The mount of ${name} is refused`, 60, async () => {
      const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`
      const events = await api.get<{ items: { message: string }[] }>(path)
      return events?.items[0]?.message
    })
  } finally {
    await remove(cluster, objects)
  }
}

function objectsOf(namespace: string, name: string, client: ClientPod) {
  const { image, command, args, env = {}, serviceAccount, volumes, files = {} } = client
  const driver = Object.entries(volumes).map(([mountPath, volumeAttributes], index) => ({
    mount: { name: `connector-${index}`, mountPath },
    volume: { name: `connector-${index}`, csi: { driver: 'connectors-csi', readOnly: true, volumeAttributes } }
  }))
  const further = Object.entries(files).map(([mountPath, data], index) => ({
    mount: { name: `files-${index}`, mountPath },
    volume: { name: `files-${index}`, configMap: { name: `${name}-${index}` } },
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-${index}`, namespace }, data }
  }))
  const all = [...driver, ...further]
  return [
    ...further.map(({ object }) => object),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        serviceAccountName: serviceAccount,
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'client',
            image,
            ...(command === undefined ? {} : { command }),
            ...(args === undefined ? {} : { args }),
            env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
            ...(client.securityContext === undefined ? {} : { securityContext: client.securityContext }),
            volumeMounts: all.map(({ mount }) => mount)
          }
        ],
        volumes: all.map(({ volume }) => volume)
      }
    }
  ]
}
