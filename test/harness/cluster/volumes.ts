import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { Api } from './api.js'
import type { Cluster } from './cluster.js'
import { run } from './run.js'
import { places } from './settings.js'

/** The claim that a volume is made for. */
export interface VolumeOptions {
  readonly claimNamespace: string
  readonly claimName: string
  readonly sizeGi?: number
}

/** A directory of the node as a PersistentVolume. */
export interface Volume {
  readonly name: string
  /** The directory on this machine, so that a test can look into it. */
  readonly path: string
}

/**
 * Makes a volume for exactly one claim, which has to name the storage class `local`. Its directory is open to everybody,
 * as runners are not root.
 */
export async function createVolume(cluster: Cluster, options: VolumeOptions): Promise<Volume> {
  const { claimNamespace, claimName, sizeGi = 1 } = options
  const name = `${claimNamespace}-${claimName}`
  const path = pathOf(name)
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o777)
  await new Api(cluster.kubeconfig).apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: `${sizeGi}Gi` },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'local',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: claimNamespace, name: claimName },
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [cluster.nodeName] }] }
          ]
        }
      }
    }
  })
  return { name, path }
}

/** Removes a volume and its directory; the claim and the pods that use it have to be gone. */
export async function deleteVolume(cluster: Cluster, { name }: Pick<Volume, 'name'>): Promise<void> {
  await new Api(cluster.kubeconfig).delete(`/api/v1/persistentvolumes/${name}`)
  // Thousands of files: in this process, requests of others would run into their time limits meanwhile.
  await run('rm', ['-rf', pathOf(name)])
}

function pathOf(name: string): string {
  return join(places().state, 'volumes', name)
}
