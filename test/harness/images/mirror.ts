import { linkSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { hexOf, packLayer, type Image } from './oci.js'
import type { Recipe } from './recipe.js'
import { file } from './root.js'

/**
 * The registry with base images baked into its storage: it plays docker.io for builds. A prepared storage directory
 * costs nothing when the cluster comes up, a push would cost seconds.
 */
export const mirror: Recipe = {
  name: 'mirror',
  reference: 'kaniko-hooks.test/mirror:1',
  from: ['registry', 'debian', 'busybox'],
  programs: [],
  async build({ image, scratch, base }) {
    for (const held of [base('debian'), base('busybox')]) store(join(scratch, 'storage'), held)
    file(scratch, 'etc/docker/registry/config.yml', CONFIGURATION)
    return {
      layers: [...base('registry').layers, await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['/bin/registry', 'serve'],
        Cmd: ['/etc/docker/registry/config.yml'],
        Env: ['PATH=/bin', 'OTEL_TRACES_EXPORTER=none']
      }
    }
  }
}

/** Lays an image out as the registry's file system driver does: blobs, and links from the repository to them. */
function store(storage: string, image: Image): void {
  const [repository = '', tag = ''] = image.reference.replace(/^docker\.io\//, '').split(':')
  const root = join(storage, 'docker/registry/v2')
  const home = join('repositories', repository)
  const link = (path: string, digest: string): void => file(root, join(home, path, 'link'), digest)
  for (const blob of [image.manifest, image.config, ...image.layers]) {
    const hex = hexOf(blob.digest)
    const data = join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data')
    mkdirSync(dirname(data), { recursive: true })
    linkSync(join(image.directory, 'blobs/sha256', hex), data)
  }
  for (const blob of [image.config, ...image.layers]) link(join('_layers/sha256', hexOf(blob.digest)), blob.digest)
  const { digest } = image.manifest
  link(join('_manifests/revisions/sha256', hexOf(digest)), digest)
  link(join('_manifests/tags', tag, 'current'), digest)
  link(join('_manifests/tags', tag, 'index/sha256', hexOf(digest)), digest)
}

const CONFIGURATION = `version: 0.1
log: { fields: { service: mirror } }
storage:
  cache: { blobdescriptor: inmemory }
  filesystem: { rootdirectory: /storage }
  maintenance: { readonly: { enabled: true }, uploadpurging: { enabled: false } }
http:
  addr: :5000
`
