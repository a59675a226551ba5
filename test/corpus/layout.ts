import { gunzipSync } from 'node:zlib'

import { takeSnapshot, type Snapshot } from './snapshot.js'
import { readTar } from './tar.js'
import { flatten, readLayer, type Layer } from './tree.js'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Index {
  readonly manifests: readonly Descriptor[]
}

/** What is read of an image's manifest. */
export interface Manifest {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

/** A base image, by the name that Dockerfiles have for it. */
export interface Base {
  readonly name: string
  readonly layers: readonly string[]
}

/** Files of an OCI layout by path: `index.json`, `blobs/sha256/…`. */
export type LayoutFiles = ReadonlyMap<string, Buffer>

/** Reads OCI layouts that have layers in common: a layer that was read once need not be in the next layout. */
export class Layouts {
  readonly #bases: readonly Base[]
  readonly #layers = new Map<string, Layer>()

  constructor(bases: readonly Base[]) {
    // A base may itself be built on another one.
    this.#bases = [...bases].sort((a, b) => b.layers.length - a.layers.length)
  }

  /** Digests of the layers that were read, and of no use in a layout. */
  get known(): readonly string[] {
    return [...this.#layers.keys()]
  }

  /** Remembers a layer that is in no layout, such as a base image's. */
  keep(digest: string, blob: Buffer): void {
    this.#layers.set(digest, readLayer(readTar(plain(blob))))
  }

  /** @param fixedBefore see {@link takeSnapshot} */
  snapshot(files: LayoutFiles, fixedBefore: number): Snapshot {
    const json = (path: string): unknown => JSON.parse(blobOf(files, path).toString())
    const { manifests } = json('index.json') as Index
    const digest = manifests[0]?.digest ?? 'none'
    const manifest = json(blobPath(digest)) as Manifest
    const { config = {} } = json(blobPath(manifest.config.digest)) as { readonly config?: Record<string, unknown> }
    for (const layer of manifest.layers) {
      if (!this.#layers.has(layer.digest)) this.keep(layer.digest, blobOf(files, blobPath(layer.digest)))
    }
    const digests = manifest.layers.map(layer => layer.digest)
    const base = this.#bases.find(({ layers }) => layers.every((layer, at) => layer === digests[at])) ?? SCRATCH
    const treeOf = (layers: readonly string[]) => flatten(layers.map(layer => this.#layers.get(layer) ?? []))
    return takeSnapshot({ tree: treeOf(digests), config }, { name: base.name, tree: treeOf(base.layers) }, fixedBefore)
  }
}

const SCRATCH: Base = { name: 'scratch', layers: [] }

/** The path of a blob in a layout. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

function blobOf(files: LayoutFiles, path: string): Buffer {
  const found = files.get(path)
  if (found === undefined) throw new Error(`the layout has no ${path}`)
  return found
}

/** BuildKit and Kaniko compress by gzip, or not at all. */
function plain(blob: Buffer): Buffer {
  return blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob) : blob
}
