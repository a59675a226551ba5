import { isDigest } from '@kaniko-hooks/registry'

/** What a manifest tells of an image. */
export interface ImageFacts {
  /** Of its configuration. */
  readonly imageId?: string
  /** Bytes of all layers, compressed. */
  readonly size?: number
}

/**
 * Reads a manifest of an image, in either dialect.
 *
 * @throws SyntaxError when it is not JSON
 */
export function readImageFacts(manifest: Buffer): ImageFacts {
  const { config, layers } = Object(JSON.parse(manifest.toString('utf8'))) as {
    readonly config?: { readonly digest?: unknown }
    readonly layers?: readonly { readonly size?: unknown }[]
  }
  const sizes = Array.isArray(layers) ? layers.map(({ size }) => (typeof size === 'number' ? size : 0)) : []
  const imageId = config?.digest
  return {
    ...(typeof imageId === 'string' && isDigest(imageId) ? { imageId } : {}),
    size: sizes.reduce((sum, size) => sum + size, 0)
  }
}
