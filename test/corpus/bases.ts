import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { V1Pod } from '@kubernetes/client-node'

import type { Cluster } from '../harness/cluster/index.js'
import { NOWHERE, type Values } from './context.js'
import { blobPath, Layouts, type Base, type Manifest } from './layout.js'
import { readFrom, runIn, startPod, STAY, untilRunning, writeIn } from './pods.js'
import { packDirectory } from './send.js'

/** What a build of the corpus finds in the cluster. */
export interface Surroundings {
  readonly values: Values
  readonly layouts: Layouts
  /** `host:port` of the registries, over plain HTTP, that play docker.io. */
  readonly mirrors: readonly string[]
}

/** What the cluster's mirror has. */
const IMAGES = { 'busybox:1.36': 'library/busybox', 'debian:bookworm-slim': 'library/debian' } as const

/** A base image with a volume, an entrypoint and a command, which is busybox in all else. */
const WITH_VOLUME = 'withvolume:latest'
const CONFIGURATION = { Volumes: { '/data': {} }, Entrypoint: ['/bin/echo'], Cmd: ['base'] }

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const ACCEPTED = [MANIFEST_TYPE, 'application/vnd.docker.distribution.manifest.v2+json'].join(', ')

const POD = 'surroundings'
const FILE = 'file of the web server'
const WEB_PORT = 8080
const REGISTRY_PORT = 5000
const START_SECONDS = 120

interface ImageConfig {
  readonly config?: object
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] }
}

interface Downloaded {
  readonly manifest: Manifest
  /** Of the manifest. */
  readonly digest: string
  /** By digest. */
  readonly blobs: ReadonlyMap<string, Buffer>
}

/**
 * Starts a pod that serves what Dockerfiles download and the base image that the cluster's mirror has not, and reads all base
 * images. It goes with its namespace.
 */
export async function startSurroundings(cluster: Cluster, namespace: string): Promise<Surroundings> {
  const pod = podOf(cluster, namespace)
  await startPod(cluster, pod, 'web')
  await untilRunning(cluster, pod, 'crane', START_SECONDS)
  const ip = (await untilRunning(cluster, pod, 'registry', START_SECONDS)).status?.podIP ?? ''
  const images = new Map<string, Downloaded>()
  for (const [name, repository] of Object.entries(IMAGES)) {
    images.set(name, await download(cluster, namespace, repository, name.replace(/^.*:/, '')))
  }
  const busybox = images.get('busybox:1.36')
  if (busybox === undefined) throw new Error('the mirror has no busybox')
  images.set(WITH_VOLUME, await pushWithVolume(cluster, namespace, busybox))
  const bases = [...images].map(([name, { manifest }]): Base => ({ name, layers: manifest.layers.map(digestOf) }))
  const layouts = new Layouts(bases)
  for (const { manifest, blobs } of images.values()) {
    for (const digest of manifest.layers.map(digestOf)) layouts.keep(digest, blobs.get(digest) ?? Buffer.alloc(0))
  }
  const values = { ...NOWHERE, WEB: `http://${ip}:${WEB_PORT}`, SUM: sha256(FILE), DIGEST: busybox.digest }
  return { layouts, values, mirrors: [cluster.mirror, `${ip}:${REGISTRY_PORT}`] }
}

function podOf({ images }: Cluster, namespace: string): V1Pod {
  const serve = `mkdir /tmp/web && printf '${FILE}' >/tmp/web/file.txt && httpd -p ${WEB_PORT} -h /tmp/web; ${STAY[2]}`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: 'web', image: images.busybox, command: ['sh', '-c', serve] },
        { name: 'registry', image: images.registry },
        { name: 'crane', image: images.crane, command: [...STAY] }
      ]
    }
  }
}

async function download(cluster: Cluster, namespace: string, repository: string, tag: string): Promise<Downloaded> {
  const get = async (path: string): Promise<Buffer> => {
    const url = `http://${cluster.mirror}/v2/${repository}/${path}`
    return readFrom(
      cluster,
      { namespace, pod: POD, container: 'web' },
      `wget -q -O - --header 'Accept: ${ACCEPTED}' ${url}`
    )
  }
  const bytes = await get(`manifests/${tag}`)
  const manifest = JSON.parse(bytes.toString()) as Manifest
  const blobs = new Map<string, Buffer>()
  for (const { digest } of [manifest.config, ...manifest.layers]) blobs.set(digest, await get(`blobs/${digest}`))
  return { manifest, digest: `sha256:${sha256(bytes)}`, blobs }
}

async function pushWithVolume(cluster: Cluster, namespace: string, base: Downloaded): Promise<Downloaded> {
  const directory = mkdtempSync(join(tmpdir(), 'corpus-'))
  try {
    const layer = await layerWithVolume(join(directory, 'root'))
    const { config, rootfs } = JSON.parse(base.blobs.get(base.manifest.config.digest)?.toString() ?? '') as ImageConfig
    const { manifest: below } = base
    const image = {
      os: 'linux',
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      config: { ...config, ...CONFIGURATION },
      rootfs: { ...rootfs, diff_ids: [...rootfs.diff_ids, `sha256:${sha256(layer)}`] }
    }
    const blobs = new Map([...base.blobs].filter(([digest]) => digest !== below.config.digest))
    const keep = (mediaType: string, content: Buffer) => {
      const descriptor = { mediaType, digest: `sha256:${sha256(content)}`, size: content.length }
      blobs.set(descriptor.digest, content)
      return descriptor
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: keep('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(image))),
      layers: [...below.layers, keep('application/vnd.oci.image.layer.v1.tar', layer)]
    }
    const top = keep(MANIFEST_TYPE, Buffer.from(JSON.stringify(manifest)))
    const layout = join(directory, 'layout')
    mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true })
    for (const [digest, content] of blobs) writeFileSync(join(layout, blobPath(digest)), content)
    writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }))
    const target = { namespace, pod: POD, container: 'crane' }
    await writeIn(cluster, target, '/tmp/layout.tar', await packDirectory(layout))
    const reference = `localhost:${REGISTRY_PORT}/library/${WITH_VOLUME}`
    await runIn(
      cluster,
      target,
      `mkdir /tmp/layout && tar -xf /tmp/layout.tar -C /tmp/layout && crane push --insecure /tmp/layout ${reference}`
    )
    return { manifest, digest: top.digest, blobs }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function layerWithVolume(root: string): Promise<Buffer> {
  mkdirSync(join(root, 'data'), { recursive: true, mode: 0o755 })
  writeFileSync(join(root, 'data', 'base'), 'base\n', { mode: 0o644 })
  return packDirectory(root)
}

function digestOf({ digest }: { readonly digest: string }): string {
  return digest
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
