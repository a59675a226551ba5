import type { Manifest } from './client.js'
import { isDigest } from './reference.js'

/** What the manifest of an image tells of the image. */
export interface ImageFacts {
  /** Of its configuration: what Docker calls the image's id. */
  readonly imageId?: string
  /** Bytes of all layers, compressed. */
  readonly size?: number
}

/**
 * Reads the manifest of a single image. Whatever is not as the specification has it is left out: a manifest is its author's word.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md
 */
export function imageFacts({ content }: Pick<Manifest, 'content'>): ImageFacts {
  const { config, layers } = read(content)
  if (typeof config?.digest !== 'string' || !isDigest(config.digest)) return {}
  if (!Array.isArray(layers)) return { imageId: config.digest }
  const sizes = layers.map((layer: { readonly size?: unknown } | null) => Number(layer?.size))
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
  return { imageId: config.digest, ...(sizes.every(bytes => bytes >= 0) && Number.isSafeInteger(size) && { size }) }
}

interface Written {
  readonly config?: { readonly digest?: unknown } | null
  readonly layers?: unknown
}

function read(content: Buffer): Written {
  try {
    return (JSON.parse(content.toString()) as Written | null) ?? {}
  } catch {
    return {}
  }
}
