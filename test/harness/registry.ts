import type { Cluster } from './cluster/index.js'

/**
 * The images that are in the registry now, as `repository:tag` or `repository@digest`. A repository's name stays in the
 * catalogue of distribution 2.8 when its last image is gone.
 */
export async function imagesIn(cluster: Cluster): Promise<string[]> {
  const base = `http://127.0.0.1:${cluster.registry.nodePort}`
  const catalogue = (await (await fetch(`${base}/v2/_catalog?n=1000`)).json()) as { repositories: readonly string[] }
  const images: string[] = []
  for (const repository of catalogue.repositories) {
    const answer = await fetch(`${base}/v2/${repository}/tags/list`)
    if (!answer.ok) continue
    const { tags } = (await answer.json()) as { tags: readonly string[] | null }
    images.push(...(tags ?? []).map(tag => `${repository}:${tag}`))
  }
  return images
}
