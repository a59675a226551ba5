import type { Blob } from '@kaniko-hooks/registry/push'
import { ArchiveError } from './archive-error.js'
import type { ImageArchive } from './image-archive.js'
import {
  type Descriptor,
  digestOf,
  MEDIA,
  type PushableImage,
  type PushableManifest,
  readDescriptor
} from './pushable.js'

/** An index in an index, and attestations in that: nobody nests deeper. */
const MAX_DEPTH = 4

const MAX_MANIFESTS = 1_000

/** Layers that are fetched from somewhere else, and that no registry has to have. */
const FOREIGN = /\.foreign\.|nondistributable/

/** What an index lists is not in the archive: only one platform was saved. */
export class IncompleteError extends ArchiveError {}

/**
 * Reads an OCI layout (OCI image specification, "Image Layout") and checks each digest and size.
 *
 * @throws ArchiveError when it has several images, or one that is not whole
 */
export async function readLayout(archive: ImageArchive, signal: AbortSignal): Promise<PushableImage | undefined> {
  const index = await archive.readJson('index.json')
  if (index === undefined) return undefined
  const { manifests } = Object(index.value) as { readonly manifests?: unknown }
  const listed = Array.isArray(manifests) ? manifests.map(entry => readDescriptor(entry, 'index.json')) : []
  const [first, ...others] = listed
  if (first === undefined) throw new ArchiveError('there is no image in it')
  // Each name of one image is an entry.
  if (others.some(({ digest }) => digest !== first.digest)) {
    throw new ArchiveError(`it has ${new Set(listed.map(({ digest }) => digest)).size} images; save one by itself`)
  }
  const reader = new LayoutReader(archive, signal)
  const manifest = await reader.manifest(first, 0)
  const children = [...reader.manifests.values()].filter(({ digest }) => digest !== manifest.digest)
  return { manifest, children, blobs: [...reader.blobs.values()], imageId: reader.configs.get(manifest.digest) }
}

class LayoutReader {
  readonly manifests = new Map<string, PushableManifest>()
  readonly blobs = new Map<string, Blob>()
  /** Digest of the configuration by that of the manifest. */
  readonly configs = new Map<string, string>()
  readonly #archive: ImageArchive
  readonly #signal: AbortSignal

  constructor(archive: ImageArchive, signal: AbortSignal) {
    this.#archive = archive
    this.#signal = signal
  }

  async manifest(descriptor: Descriptor, depth: number): Promise<PushableManifest> {
    const { digest } = descriptor
    const known = this.manifests.get(digest)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH || this.manifests.size >= MAX_MANIFESTS) {
      throw new ArchiveError('it lists more manifests than an image has')
    }
    const read = await this.#archive.readJson(nameOf(digest))
    if (read === undefined) throw new IncompleteError(`the manifest ${digest} is not in it`)
    const { value, content } = read
    if (digestOf(content) !== digest) throw new ArchiveError(`${nameOf(digest)} in it has another digest`)
    const fields = Object(value) as Readonly<Record<string, unknown>>
    const mediaType = typeof fields['mediaType'] === 'string' ? fields['mediaType'] : descriptor.mediaType
    const manifest = { digest, mediaType, content }
    if (mediaType === MEDIA.ociIndex || mediaType === MEDIA.dockerList) {
      for (const child of listOf(fields['manifests'])) {
        await this.manifest(readDescriptor(child, nameOf(digest)), depth + 1)
      }
    } else if (mediaType === MEDIA.ociManifest || mediaType === MEDIA.dockerManifest) {
      const config = readDescriptor(fields['config'], nameOf(digest))
      this.configs.set(digest, config.digest)
      const layers = listOf(fields['layers']).map(layer => readDescriptor(layer, nameOf(digest)))
      for (const blob of [config, ...layers]) await this.#blob(blob)
    } else throw new ArchiveError(`${nameOf(digest)} in it is ${JSON.stringify(mediaType)}, which is not pushed`)
    this.manifests.set(digest, manifest)
    return manifest
  }

  async #blob({ digest, size, mediaType }: Descriptor): Promise<void> {
    if (this.blobs.has(digest)) return
    const archive = this.#archive
    const region = archive.find(nameOf(digest))
    if (region === undefined && FOREIGN.test(mediaType)) return
    if (region === undefined) throw new IncompleteError(`${nameOf(digest)} is not in it`)
    if (region.size !== size) throw new ArchiveError(`${nameOf(digest)} in it has another size`)
    if (`sha256:${await archive.hash(region, this.#signal)}` !== digest) {
      throw new ArchiveError(`${nameOf(digest)} in it has another digest`)
    }
    this.blobs.set(digest, { digest, size, open: () => archive.stream(region) })
  }
}

function nameOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
