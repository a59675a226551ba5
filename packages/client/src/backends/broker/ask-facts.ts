import { imageFacts, RegistryClient, type ImageFacts } from '@kaniko-hooks/registry'
import type { OpenRepository } from './broker-credentials.js'

/** A step need not reach what a build pod reaches. */
const FACTS_MS = 3_000

/**
 * Asks the registries that the step has a credential for what the image is: the hook asks none that only a step names. Never
 * throws, since the image is there.
 */
export async function askFacts(
  pushed: readonly OpenRepository[],
  digest: string,
  signal: AbortSignal
): Promise<ImageFacts> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(FACTS_MS)])
  for (const { reference, credential } of pushed) {
    try {
      const client = new RegistryClient(reference.domain, { credential, retries: 0 })
      const manifest = await client.getManifest(reference.repository, digest, soon)
      if (manifest !== undefined) return imageFacts(manifest)
    } catch {
      // It stays unknown.
    }
  }
  return {}
}
