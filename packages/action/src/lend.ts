import { baseImages, type Context } from '@kaniko-hooks/builder'
import {
  credentialSources,
  findCredentials,
  openContext,
  type CredentialWishes,
  type Environment,
  type ImageBuild,
  type Lent
} from '@kaniko-hooks/client'
import { parseReference, type ImageReference } from '@kaniko-hooks/registry'

/** Contexts and credentials of this machine, for a backend that has neither. */
export function lend(environment: Environment, credentials: CredentialWishes): Lent {
  return {
    readContext: (build, signal) => openContext(build, environment, signal),
    dockerConfig: async (build, context) => {
      const repositories = repositoriesOf(build, context)
      const found = await findCredentials(repositories, credentialSources(environment, credentials), environment)
      return found.configFor(repositories)
    }
  }
}

/** Where a build goes, where it keeps layers, and what it is made of. */
function repositoriesOf({ tags, cache, buildArgs }: ImageBuild, { dockerfileText }: Context): ImageReference[] {
  const bases = baseImages(dockerfileText, buildArgs).map(({ reference }) => reference)
  return [...tags, ...(cache === undefined ? [] : [cache.repository]), ...bases].flatMap(name => {
    try {
      return [parseReference(name)]
    } catch {
      // Of a base image; the executor says what is wrong with its name.
      return []
    }
  })
}
