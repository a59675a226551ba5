import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Cluster } from '../../harness/cluster/index.js'

/**
 * Makes the node's container runtime trust an authority for one registry, as an administrator does it on a node: a
 * directory with the registry's name, read at each pull.
 *
 * @param hostPort `host:port`, as it stands in image references
 * @returns takes it back
 */
export async function trustCertificateAuthority(
  cluster: Cluster,
  hostPort: string,
  certificate: string
): Promise<() => Promise<void>> {
  if (cluster.registryCertificates === undefined)
    throw new Error(
      `The nodes of ${cluster.server} are somebody else's: no test can make them trust the authority of ${hostPort}.`
    )
  const directory = join(cluster.registryCertificates, hostPort)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'ca.crt'), certificate)
  return () => rm(directory, { recursive: true, force: true })
}
