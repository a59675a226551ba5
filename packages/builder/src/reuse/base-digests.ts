import {
  type Credential,
  parseReference,
  RegistryClient,
  RegistryError,
  type ImageReference
} from '@kaniko-hooks/registry'

import type { RepositoryAddress } from '../destinations/registry.js'
import { registryName, type RegistryProxy } from '../dockerfile/registry-proxy.js'

/** Where base images are looked for, as the builder does it. */
export interface BaseSources {
  /** `host[:port][/path]` in place of docker.io, tried in order. */
  readonly registryMirrors: readonly string[]
  /** The same for other registries, each as a whole: Kaniko cannot map single paths. */
  readonly registryMaps: Readonly<Record<string, readonly string[]>>
  /** `host:port` over plain HTTP. */
  readonly insecureRegistries: readonly string[]
  /** Registries that are reached by another way than their name, and never by it. */
  readonly proxies?: readonly RegistryProxy[]
  /**
   * Whether a registry may be asked by its own name, `host[:port]`. A Dockerfile may name any host that the asker reaches and
   * its own pod does not; where the others stand is the settings' word.
   */
  readonly mayAsk: (registry: string) => boolean
  /** Shown to the registry that it is for. */
  readonly credentialFor?: (host: string, repository: string) => Credential | undefined
}

/** For all of them together: a build must not wait for what is only good to know. */
const LIMIT_MS = 3_000

/**
 * Asks what the names of base images stand for now, so that an image that is kept is not used for longer than its bases
 * are the newest.
 *
 * @param references as `baseImages` lists them
 * @returns the digests of those that could be asked in time, by name; a name with a digest stands for itself
 */
export async function baseDigests(
  references: readonly string[],
  sources: BaseSources,
  signal?: AbortSignal
): Promise<Record<string, string>> {
  const limit = AbortSignal.timeout(LIMIT_MS)
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
  const found = await Promise.all(
    [...new Set(references)].map(async reference => [reference, await digestOf(reference, sources, either)] as const)
  )
  return Object.fromEntries(found.flatMap(([name, digest]) => (digest === undefined ? [] : [[name, digest] as const])))
}

/** Whether anybody is asked what this name stands for. */
export function isAsked(reference: string, sources: BaseSources): boolean {
  try {
    return placesOf(parseReference(reference), sources).length > 0
  } catch (error) {
    undefinedIfRegistry(error)
    return false
  }
}

async function digestOf(reference: string, sources: BaseSources, signal: AbortSignal): Promise<string | undefined> {
  try {
    const parsed = parseReference(reference)
    if (parsed.digest !== undefined) return parsed.digest
    for (const { host, repository, plainHttp } of placesOf(parsed, sources)) {
      const credential = sources.credentialFor?.(host, repository)
      const client = new RegistryClient(host, { plainHttp, credential, retries: 0, connectTimeoutMs: LIMIT_MS })
      const head = await client.headManifest(repository, parsed.tag ?? 'latest', signal).catch(undefinedIfRegistry)
      if (head !== undefined) return head.digest
    }
    return undefined
  } catch (error) {
    undefinedIfRegistry(error)
    return undefined
  }
}

function undefinedIfRegistry(error: unknown): undefined {
  if (!(error instanceof RegistryError)) throw error
  return undefined
}

/** Its proxy alone, or maps and mirrors first and the registry itself last, if it may be asked. */
function placesOf(
  { domain, repository }: ImageReference,
  { registryMirrors, registryMaps, insecureRegistries, mayAsk, proxies = [] }: BaseSources
): RepositoryAddress[] {
  const proxy = proxies.find(({ registry }) => registry === registryName(domain))
  if (proxy !== undefined) {
    const { host, path, plainHttp } = proxy.place
    return [{ host, repository: path === '' ? repository : `${path}/${repository}`, plainHttp }]
  }
  const maps = Object.entries(registryMaps).flatMap(([from, to]) =>
    registryName(from) === registryName(domain) ? to : []
  )
  const mirrors = [...maps, ...(domain === 'docker.io' ? registryMirrors : [])].map(target => {
    const [host = '', ...path] = target.split('/')
    return { host, repository: [...path, repository].join('/') }
  })
  const itself = mayAsk(domain) ? [{ host: domain, repository }] : []
  return [...mirrors, ...itself].map(place => {
    return { ...place, plainHttp: insecureRegistries.includes(place.host) }
  })
}
