import { baseImages, type Context } from '@kaniko-hooks/builder'
import {
  openContext,
  credentialSources,
  findCredentials,
  type Credentials,
  type ImageBuild,
  type Lent
} from '@kaniko-hooks/client'
import { parseReference, type ImageReference } from '@kaniko-hooks/registry'

/** Contexts and credentials of this machine, for backends that build elsewhere. */
export function lendFrom(
  env: Readonly<Record<string, string | undefined>>,
  registryAuthFile: string | undefined,
  notice: (text: string) => void
): Lent {
  return {
    readContext: (build, signal) => openContext(build, env, signal),
    dockerConfig: async (build, context) => {
      const repositories = repositoriesOf(build, context)
      const found = await findCredentialsOf(repositories, env, registryAuthFile)
      found.warnings.forEach(notice)
      return found.configFor(repositories)
    }
  }
}

/** The credentials of what a build fetches and pushes. */
export async function findCredentialsOf(
  repositories: readonly ImageReference[],
  env: Readonly<Record<string, string | undefined>>,
  registryAuthFile: string | undefined
): Promise<Credentials> {
  const wishes = registryAuthFile === undefined ? {} : { registryAuthFile }
  return findCredentials(repositories, credentialSources(env, wishes), env)
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
