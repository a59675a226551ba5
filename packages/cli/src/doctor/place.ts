import type { SecretKey } from '@kaniko-hooks/builder'
import { nodePortRegistry, remoteRegistry } from '@kaniko-hooks/builder'
import type { DestinationSettings } from '@kaniko-hooks/hook/settings'
import { parseReference } from '@kaniko-hooks/registry'

/** A repository that images are pushed to and pulled from, as pods and nodes see it. */
export interface Place {
  /** Registry and repository, as pods know it. */
  readonly push: string
  /** The same, as nodes do. */
  readonly pull: string
  readonly plainHttp: boolean
  /** Names of Secrets in the pods' namespace. */
  readonly pushSecret?: string
  readonly pullSecret?: string
  readonly ca?: SecretKey
  /** The text of a docker `config.json`, from where kbuild finds passwords. */
  readonly config?: string
}

/**
 * The place that a destination of the settings names.
 *
 * @returns undefined for a connector, which has other ways in
 */
export function placeOf({ nodePort, remote }: DestinationSettings): Place | undefined {
  const settings = nodePort ?? remote
  if (settings === undefined) return undefined
  const { push, pull } = nodePort === undefined ? remoteRegistry(remoteOf(remote)) : nodePortRegistry(nodePort)
  const { pushSecret, pullSecret } = settings
  return {
    push: `${push.host}/${push.repository}`,
    pull: `${pull.host}/${pull.repository}`,
    plainHttp: push.plainHttp,
    ...(pushSecret === undefined ? {} : { pushSecret }),
    ...(pullSecret === undefined ? {} : { pullSecret }),
    ...(remote?.ca === undefined ? {} : { ca: remote.ca })
  }
}

function remoteOf(remote: DestinationSettings['remote']): { repository: string; plainHttp: boolean } {
  return { repository: remote?.repository ?? '', plainHttp: remote?.plainHttp ?? false }
}

/**
 * The place of `--destination`; a tag in it does not count.
 *
 * @param insecure `host[:port]` of registries that speak plain HTTP
 * @throws RegistryError for what is no reference
 */
export function placeNamed(reference: string, insecure: readonly string[], config: string | undefined): Place {
  const { domain, repository } = parseReference(reference)
  const name = `${domain}/${repository}`
  return {
    push: name,
    pull: name,
    plainHttp: insecure.includes(domain),
    ...(config === undefined ? {} : { config })
  }
}
