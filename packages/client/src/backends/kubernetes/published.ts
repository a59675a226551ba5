import { BuildError } from '@kaniko-hooks/builder'
import { isDigest, RegistryClient, RegistryError, type Manifest } from '@kaniko-hooks/registry'
import type { Place } from './targets.js'

/** What a registry tells of an image. */
export interface Published {
  /** Of its configuration. */
  readonly imageId?: string
  /** Bytes of all layers, compressed. */
  readonly size?: number
}

/** A network that is not the build pod's may have no way to the registry; that is soon known. */
const ANSWER_MS = 10_000

/** How a place is asked from here. */
export interface Asking {
  readonly place: Place
  readonly client: ConstructorParameters<typeof RegistryClient>[1]
}

/**
 * Asks the registries themselves for what was pushed: each tag must stand for the digest. One that cannot be reached from
 * here is believed what the build pod heard of it.
 *
 * @returns what the first that answers tells of the image
 * @throws BuildError `PUSH_FAILED` for a tag that stands for something else or nothing
 */
export async function checkPublished(
  asked: readonly Asking[],
  digest: string,
  signal: AbortSignal
): Promise<Published> {
  const found = await Promise.all(asked.map(async asking => checkPlace(asking, digest, signal)))
  return found.find(({ imageId }) => imageId !== undefined) ?? {}
}

async function checkPlace({ place, client: options }: Asking, digest: string, signal: AbortSignal): Promise<Published> {
  const { domain, repository } = place.reference
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  try {
    const client = new RegistryClient(domain, { ...options, retries: 1, connectTimeoutMs: 3_000 })
    const manifest = await client.getManifest(repository, digest, soon)
    for (const [tag, written] of place.written) {
      const head = await client.headManifest(repository, tag, soon)
      if (head?.digest === digest) continue
      const instead = head === undefined ? 'nothing' : head.digest
      const why = `the registry ${domain} has ${instead} by that name; somebody else pushes or deletes the same tag`
      throw new BuildError('PUSH_FAILED', `${written} was pushed as ${digest}, but ${why}`)
    }
    return manifest === undefined ? {} : contentOf(manifest)
  } catch (error) {
    if (signal.aborted || !(error instanceof RegistryError)) throw error
    return {}
  }
}

/** Its author is whoever built: nothing of it is as it should be until it was looked at. */
function contentOf({ content }: Manifest): Published {
  const { config, layers } = objectOf(parsed(content))
  if (config === undefined && layers === undefined) return {}
  const { digest } = objectOf(config)
  const sizes = Array.isArray(layers) ? layers.map(layer => objectOf(layer)['size']) : []
  return {
    ...(typeof digest === 'string' && isDigest(digest) ? { imageId: digest } : {}),
    size: sizes.reduce((sum: number, size) => sum + (typeof size === 'number' ? size : 0), 0)
  }
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
