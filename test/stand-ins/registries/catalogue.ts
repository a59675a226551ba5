import type { Credentials } from './registry.js'
import { request, type Answer } from './request.js'

/** Where a registry answers this machine. */
export interface Endpoint {
  /** `https://10.0.0.4:31500` */
  readonly url: string
  readonly ca?: string
  /** An administrator's. */
  readonly credentials?: Credentials
}

/** In the query of every request of {@link imagesIn}: so that these can be told from those of a test in any log. */
export const MARK = 'from=test'

/** All images of a registry, as `repository:tag`. A repository stays in the catalogue when its last image is gone. */
export async function imagesIn(endpoint: Endpoint): Promise<string[]> {
  const catalogue = await ask(endpoint, `/v2/_catalog?n=1000&${MARK}`)
  if (catalogue.status !== 200) throw new Error(`${endpoint.url} refused its catalogue: ${described(catalogue)}`)
  const { repositories } = JSON.parse(catalogue.body) as { repositories: readonly string[] }
  const images: string[] = []
  for (const repository of repositories) {
    const listed = await ask(endpoint, `/v2/${repository}/tags/list?n=1000&${MARK}`)
    if (listed.status === 404) continue
    if (listed.status !== 200) throw new Error(`${endpoint.url} refused ${repository}: ${described(listed)}`)
    const { tags } = JSON.parse(listed.body) as { tags: readonly string[] | null }
    images.push(...(tags ?? []).filter(tag => !tag.startsWith('sha256:')).map(tag => `${repository}:${tag}`))
  }
  return images.sort()
}

async function ask({ url, ca, credentials }: Endpoint, path: string): Promise<Answer> {
  const trust = ca === undefined ? {} : { ca }
  const basic = credentials === undefined ? {} : { Authorization: basicOf(credentials) }
  const answer = await request(`${url}${path}`, { ...trust, headers: basic })
  const challenge = /^Bearer (.*)$/.exec(answer.headers['www-authenticate'] ?? '')?.[1]
  if (answer.status !== 401 || challenge === undefined) return answer
  const { realm = '', ...query } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value])
  )
  const given = await request(`${realm}?${new URLSearchParams(query).toString()}`, { ...trust, headers: basic })
  const { token } = JSON.parse(given.body) as { token: string }
  return request(`${url}${path}`, { ...trust, headers: { Authorization: `Bearer ${token}` } })
}

/** The value of an Authorization header. */
export function basicOf({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function described({ status, body }: Answer): string {
  return `${status} ${body.trim().slice(0, 200)}`
}
