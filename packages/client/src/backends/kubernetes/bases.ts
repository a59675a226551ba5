import { baseImages, type Context } from '@kaniko-hooks/builder'
import { parseReference, RegistryClient, RegistryError, type ImageReference } from '@kaniko-hooks/registry'

/** An answer that comes later is none: the build has the credential then. */
const ANSWER_MS = 5_000

/** The repositories from which a build fetches, each once; what only the builder can name is not among them. */
export function baseRepositories(
  { dockerfileText }: Pick<Context, 'dockerfileText'>,
  buildArgs: Readonly<Record<string, string>>
): readonly ImageReference[] {
  const found = new Map<string, ImageReference>()
  for (const { reference: text } of baseImages(dockerfileText, buildArgs)) {
    const reference = readReference(text)
    if (reference !== undefined) found.set(`${reference.domain}/${reference.repository}`, reference)
  }
  return [...found.values()]
}

function readReference(text: string): ImageReference | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return undefined
  }
}

/**
 * Whether a base image surely needs no credential: the registry gives it to anybody. Each RUN line can read what base images
 * are fetched with, so a credential that is not needed is not given.
 */
export async function isPublic(
  reference: ImageReference,
  options: ConstructorParameters<typeof RegistryClient>[1],
  signal: AbortSignal
): Promise<boolean> {
  const { domain, repository, tag = 'latest', digest } = reference
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  try {
    const client = new RegistryClient(domain, { ...options, retries: 0, connectTimeoutMs: 2_000 })
    return (await client.headManifest(repository, digest ?? tag, soon)) !== undefined
  } catch (error) {
    if (signal.aborted || !(error instanceof RegistryError)) throw error
    return false
  }
}
