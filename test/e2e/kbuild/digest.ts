import type { Cluster } from '../../harness/cluster/index.js'

const ACCEPT = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json'

/** The digest of a tag in the cluster's own registry; null when there is none. */
export async function digestOf({ registry }: Cluster, repository: string, tag: string): Promise<string | null> {
  const url = `http://127.0.0.1:${registry.nodePort}/v2/${repository}/manifests/${tag}`
  const answer = await fetch(url, { method: 'HEAD', headers: { accept: ACCEPT } })
  return answer.headers.get('docker-content-digest')
}
