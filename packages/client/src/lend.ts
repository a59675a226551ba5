import { baseImages, type Context } from '@kaniko-hooks/builder'
import { parseReference, type ImageReference } from '@kaniko-hooks/registry'
import type { Lent } from './backends/elsewhere.js'
import { openContext } from './context/open.js'
import { findCredentials, type Credentials } from './credentials/find.js'
import { credentialSources, type CredentialWishes, type Environment } from './credentials/sources.js'
import type { ImageBuild } from './image-build.js'

/**
 * Contexts and credentials of this machine, for backends that build elsewhere.
 *
 * @param notice told what is wrong with places where credentials are kept
 */
export function lendFrom(
  env: Environment,
  wishes: CredentialWishes,
  notice: (text: string) => void = () => undefined
): Lent {
  return {
    readContext: (build, signal) => openContext(build, env, signal),
    dockerConfig: async (build, context, signal) => {
      const repositories = repositoriesOf(build, context)
      const found = await findCredentialsOf(repositories, env, wishes, signal)
      found.warnings.forEach(notice)
      return found.configFor(repositories)
    }
  }
}

/** The credentials of what a build fetches and pushes. */
export async function findCredentialsOf(
  repositories: readonly ImageReference[],
  env: Environment,
  wishes: CredentialWishes,
  signal?: AbortSignal
): Promise<Credentials> {
  return findCredentials(repositories, credentialSources(env, wishes), env, signal)
}

/** Where a build goes, where it keeps layers, and what it is made of, each once. */
export function repositoriesOf(
  build: Pick<ImageBuild, 'tags' | 'cache' | 'buildArgs'>,
  context: Context
): ImageReference[] {
  const bases = baseImages(context.dockerfileText, build.buildArgs).map(({ reference }) => reference)
  const names = [...build.tags, ...(build.cache === undefined ? [] : [build.cache.repository]), ...bases]
  return names.flatMap(name => {
    try {
      return [parseReference(name)]
    } catch {
      // The executor says what is wrong with the name of a base image.
      return []
    }
  })
}
