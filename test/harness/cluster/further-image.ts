import { join } from 'node:path'

import { buildImages } from '../images/index.js'
import type { Recipe } from '../images/recipe.js'
import { goPrograms } from './binaries.js'
import type { Cluster } from './cluster.js'
import { ClusterError } from './errors.js'
import { importImage } from './image-store.js'
import { exclusively } from './lock.js'
import type { Log } from './progress.js'
import { places } from './settings.js'
import { FURTHER_PROGRAMS } from './versions.js'

/**
 * Gives the running cluster's node an image that no cluster comes with, for the test that wants it. It is made when the cache
 * has it not, which may take minutes. The next `up` that replaces the cluster drops it from the node.
 *
 * @param recipes those that it is made from, and itself as the last
 * @returns its reference
 * @throws ClusterError for a cluster of somebody else
 */
export async function furtherImage(
  cluster: Pick<Cluster, 'owned' | 'server'>,
  recipes: readonly Recipe[],
  log: Log = () => undefined
): Promise<string> {
  const where = places()
  const names = new Set(recipes.flatMap(({ programs }) => programs))
  const programs = FURTHER_PROGRAMS.filter(({ name }) => names.has(name))
  if (!cluster.owned)
    throw new ClusterError(`The nodes of ${cluster.server} are somebody else's: no test can give them an image.`)
  const image = await exclusively(
    where.cache,
    async () => (await buildImages(where, await goPrograms(where, log, programs), log, recipes)).at(-1),
    () => {
      log(`another process works on ${where.cache}: waiting`)
    }
  )
  if (image === undefined) throw new ClusterError('No recipe was given.')
  await importImage({ at: (...path) => join(where.state, ...path) }, image)
  return image.reference
}
