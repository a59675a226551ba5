import { createHash } from 'node:crypto'
import type { Blob } from '@kaniko-hooks/registry/push'
import { isDigest } from '@kaniko-hooks/registry'
import { ArchiveError } from './archive-error.js'

/** A manifest as a registry takes it. */
export interface PushableManifest {
  readonly digest: string
  readonly mediaType: string
  readonly content: Buffer
}

/** An image of an archive, with all that a registry has to have of it. */
export interface PushableImage {
  readonly manifest: PushableManifest
  /** Of an index: what it lists, each before what lists it. */
  readonly children: readonly PushableManifest[]
  readonly blobs: readonly Blob[]
  /** Of the configuration; undefined for an index. */
  readonly imageId: string | undefined
}

/** What stands in a manifest for something that lies elsewhere. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export const MEDIA = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json'
} as const

/** @throws ArchiveError for anything that is no descriptor of the algorithm sha256 */
export function readDescriptor(value: unknown, where: string): Descriptor {
  const { mediaType = '', digest, size } = Object(value) as Readonly<Record<string, unknown>>
  const isGood =
    typeof mediaType === 'string' &&
    typeof digest === 'string' &&
    isDigest(digest) &&
    digest.startsWith('sha256:') &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size >= 0
  if (!isGood) throw new ArchiveError(`${where} in it has an entry without a sha256 digest and a size`)
  return { mediaType, digest, size }
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
