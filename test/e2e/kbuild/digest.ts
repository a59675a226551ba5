import type { Cluster } from '../../harness/cluster/index.js'
import { basicOf } from '../../stand-ins/registries/catalogue.js'
import { request } from '../../stand-ins/registries/request.js'

const ACCEPT = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json'

/** The digest of a tag in the cluster's own registry; null when there is none. */
export async function digestOf({ registry }: Cluster, repository: string, tag: string): Promise<string | null> {
  return digestAt(`127.0.0.1:${registry.nodePort}`, repository, tag)
}

/**
 * The digest of a tag in any registry that this machine reaches over plain HTTP; null when there is none.
 *
 * @param user who may pull
 */
export async function digestAt(
  host: string,
  repository: string,
  tag: string,
  user?: Parameters<typeof basicOf>[0]
): Promise<string | null> {
  const { status, headers } = await request(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: ACCEPT, ...(user === undefined ? {} : { authorization: basicOf(user) }) }
  })
  return status === 200 ? String(headers['docker-content-digest']) : null
}
