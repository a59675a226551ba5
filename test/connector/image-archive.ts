import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { goPrograms } from '../cluster/binaries.js'
import { ClusterError } from '../cluster/errors.js'
import { exclusively } from '../cluster/lock.js'
import type { Log } from '../cluster/progress.js'
import { run } from '../cluster/run.js'
import { places } from '../cluster/settings.js'
import { GO_PROGRAMS } from '../cluster/versions.js'
import { connector } from '../images/connector.js'
import { buildImages } from '../images/index.js'

/**
 * Writes the emulator's image as an OCI archive, for nodes of any cluster: `kind load image-archive`, `ctr images import`
 * and `skopeo copy oci-archive:` take it. It is for the processor of this machine, and needs Go and no cluster.
 *
 * @returns the image's name
 */
export async function writeImageArchive(file: string, log: Log): Promise<string> {
  const archive = resolve(file)
  if (!existsSync(dirname(archive))) throw new ClusterError(`There is no directory ${dirname(archive)}.`)
  const where = places()
  const programs = GO_PROGRAMS.filter(({ name }) => connector.programs.includes(name))
  const [image] = await exclusively(
    where.cache,
    async () => buildImages(where, await goPrograms(where, log, programs), log, [connector]),
    () => {
      log(`another process works on ${where.cache}: waiting`)
    }
  )
  if (image === undefined) throw new ClusterError('The image was not built.')
  await run('tar', ['-C', image.directory, '-cf', archive, 'oci-layout', 'index.json', 'blobs'])
  return image.reference
}
