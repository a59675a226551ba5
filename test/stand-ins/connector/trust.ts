import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Cluster } from '../../harness/cluster/index.js'

/**
 * Makes the node's container runtime pull from an address over plain HTTP, as an administrator does it on each node.
 *
 * @returns takes it back
 */
export async function trustPlainHttp(cluster: Cluster, hostPort: string): Promise<() => Promise<void>> {
  if (cluster.registryCertificates === undefined)
    throw new Error(`The nodes of ${cluster.server} are somebody else's: no test can make them trust ${hostPort}.`)
  const directory = join(cluster.registryCertificates, hostPort)
  await mkdir(directory, { recursive: true })
  await writeFile(
    join(directory, 'hosts.toml'),
    `server = "http://${hostPort}"\n[host."http://${hostPort}"]\n  capabilities = ["pull", "resolve"]\n`
  )
  return () => rm(directory, { recursive: true, force: true })
}
