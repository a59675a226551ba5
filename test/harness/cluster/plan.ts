import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { loadAll } from 'js-yaml'

import { contentsOf, type Image } from '../images/index.js'
import { pause } from '../images/pause.js'
import type { KubernetesObject } from './api.js'
import { keyOf } from './cache.js'
import { identities } from './certificates.js'
import { containerd, containerdConfig, imageStoreConfig } from './containerd.js'
import { apiServer, AUDIT_POLICY, controllerManager, etcd, scheduler } from './control-plane.js'
import type { Layout, ProcessSpec } from './layout.js'
import { networkConfig } from './network.js'
import { kubelet, kubeletConfig, kubeProxy, kubeProxyConfig } from './node.js'

/** Everything that a cluster is made from, before anything runs. */
export interface Plan {
  /** Content by path below the state directory. */
  readonly files: Readonly<Record<string, string>>
  readonly runtime: readonly [etcd: ProcessSpec, containerd: ProcessSpec]
  readonly server: ProcessSpec
  /** Clients of the API server: started when it answers, because they are slow to ask again, or end. */
  readonly clients: readonly [
    controllerManager: ProcessSpec,
    scheduler: ProcessSpec,
    kubelet: ProcessSpec,
    kubeProxy: ProcessSpec
  ]
  readonly objects: readonly KubernetesObject[]
  /** Changes when a cluster brought up by this plan would be another one. */
  readonly key: string
}

const MANIFESTS = [
  'manifests/storage.yaml',
  '../../../examples/registry-nodeport.yaml',
  'manifests/mirror.yaml',
  'manifests/dns.yaml'
]

/** Plans the cluster for this layout and these images. */
export function planCluster(layout: Layout, images: readonly Image[]): Plan {
  const json = (value: object): string => JSON.stringify(value, undefined, 2)
  const plan: Omit<Plan, 'key'> = {
    files: {
      'config/audit.yaml': AUDIT_POLICY,
      'config/containerd.toml': containerdConfig(layout, pause.reference),
      'config/store.toml': imageStoreConfig(layout),
      'config/cni/10-kaniko-hooks.conflist': json(networkConfig(layout)),
      'config/kubelet.json': json(kubeletConfig(layout)),
      'config/kube-proxy.json': json(kubeProxyConfig(layout))
    },
    runtime: [etcd(layout), containerd(layout)],
    server: apiServer(layout),
    clients: [controllerManager(layout), scheduler(layout), kubelet(layout), kubeProxy(layout)],
    objects: MANIFESTS.flatMap(readManifest)
  }
  return { ...plan, key: keyOf(JSON.stringify([plan, contentsOf(images), identities(layout.nodeIp)])) }
}

/** Writes the plan's files. */
export function writeFiles(layout: Layout, { files }: Plan): void {
  for (const [path, content] of Object.entries(files)) {
    const file = layout.at(path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

/** The objects of a manifest beside this file. */
function readManifest(path: string): KubernetesObject[] {
  return loadAll(readFileSync(join(import.meta.dirname, path), 'utf8')) as KubernetesObject[]
}
