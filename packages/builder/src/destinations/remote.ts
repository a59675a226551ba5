import { parseReference, RegistryError } from '@kaniko-hooks/registry'
import type { RegistrySettings } from './registry.js'

/** A registry that has one name for everybody: Docker Hub, GHCR, ECR, ACR, GitLab, Harbor, … */
export interface RemoteSettings {
  /** Registry and repository without tag, `ghcr.io/acme/actions`. */
  readonly repository: string
  /** Plain HTTP in place of TLS; then the nodes' runtime must be told the same. Default false. */
  readonly plainHttp?: boolean
}

/**
 * Pushes to and pulls from the same name.
 *
 * @throws RegistryError `INVALID_REFERENCE` also for a name with a tag or digest
 */
export function remoteRegistry(settings: RemoteSettings): RegistrySettings {
  const { domain, repository, tag, digest } = parseReference(settings.repository)
  if (tag !== undefined || digest !== undefined) {
    const why = 'leave out the tag: each build has one of its own'
    throw new RegistryError('INVALID_REFERENCE', `"${settings.repository}" is not the name of a repository: ${why}`)
  }
  const name = { host: domain, repository }
  return { push: { ...name, plainHttp: settings.plainHttp ?? false }, pull: name }
}
