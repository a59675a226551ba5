import { BuildError } from '@kaniko-hooks/builder'
import { imageFacts, RegistryClient, RegistryError, type ImageFacts } from '@kaniko-hooks/registry'
import type { Place } from './targets.js'

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
): Promise<ImageFacts> {
  const found = await Promise.all(asked.map(async asking => checkPlace(asking, digest, signal)))
  return found.find(({ imageId }) => imageId !== undefined) ?? {}
}

async function checkPlace(
  { place, client: options }: Asking,
  digest: string,
  signal: AbortSignal
): Promise<ImageFacts> {
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
    return manifest === undefined ? {} : imageFacts(manifest)
  } catch (error) {
    if (signal.aborted || !(error instanceof RegistryError)) throw error
    return {}
  }
}
