import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { goPrograms } from '../../harness/cluster/binaries.js'
import { ClusterError } from '../../harness/cluster/errors.js'
import { exclusively } from '../../harness/cluster/lock.js'
import type { Log } from '../../harness/cluster/progress.js'
import { run } from '../../harness/cluster/run.js'
import { places } from '../../harness/cluster/settings.js'
import { GO_PROGRAMS } from '../../harness/cluster/versions.js'
import { connector } from '../../harness/images/connector.js'
import { buildImages } from '../../harness/images/index.js'

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
