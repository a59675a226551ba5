import { isDigest } from '@kaniko-hooks/registry'

/** What a manifest tells of an image. */
export interface ImageFacts {
  /** Of its configuration. */
  readonly imageId?: string
  /** Bytes of all layers, compressed. */
  readonly size?: number
}

/** Reads a manifest of an image, in either dialect. Its author is whoever built: what is not as it should be tells nothing. */
export function readImageFacts(manifest: Buffer): ImageFacts {
  const { config, layers } = parsed(manifest)
  if (config === undefined && layers === undefined) return {}
  const { digest } = objectOf(config)
  const sizes = Array.isArray(layers) ? layers.map(layer => objectOf(layer)['size']) : []
  return {
    ...(typeof digest === 'string' && isDigest(digest) ? { imageId: digest } : {}),
    size: sizes.reduce((sum: number, size) => sum + (typeof size === 'number' ? size : 0), 0)
  }
}

function parsed(content: Buffer): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(content.toString('utf8')))
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
