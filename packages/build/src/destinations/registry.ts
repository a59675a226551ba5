import { parseReference, RegistryClient, RegistryError, type RegistryOptions } from '@kaniko-hooks/registry'
import { type Removal, removeImage } from '@kaniko-hooks/registry'
import { BuildError } from '../errors.js'
import type { Destination, PushAccess, SecretKey, StoredImage, Target } from './destination.js'
import { withOrigin } from './refusal.js'

/** What builds are called: the beginning of a key, and what makes it the only one. */
const HANDLE = /^[0-9a-f]{12}-[0-9a-f]{8}$/

/** A registry that the hook, the builder and the kubelet can reach. */
export interface RegistrySettings {
  /** `host[:port]` by which images are pushed, looked up and removed. */
  readonly pushHost: string
  /** `host[:port]` by which the kubelet pulls; mostly the same. */
  readonly pullHost: string
  /** The one repository in it that takes the images of all builds. */
  readonly repository: string
  /** Its path by which the kubelet pulls, where that is another one. */
  readonly pullRepository?: string
  /** Plain HTTP, for `pushHost` only. */
  readonly plainHttp: boolean
  readonly certificate?: SecretKey
  readonly access?: PushAccess
  /** Who answers in the registry's place: its 502 is said of a registry that is down, and no doubt. */
  readonly proxy?: string
  /** Credential, certificates, times and tries of the client. */
  readonly client?: Omit<RegistryOptions, 'plainHttp'>
}

/**
 * A repository in a registry; each build is a tag in it. One repository and not one for each build: registries that make
 * repositories on demand are the exception (ECR, Docker Hub and Quay do not nest or do not make them), a repository
 * outlives its last image, and layers that an earlier build pushed are not pushed again. A builder gives each image a
 * label of its own, so that no two builds have a digest in common: removal by digest takes all tags of it along.
 */
export class RegistryDestination implements Destination {
  readonly name: string
  readonly #settings: RegistrySettings
  readonly #client: RegistryClient

  /** @throws RegistryError `INVALID_REFERENCE` when host and repository make no name */
  constructor(settings: RegistrySettings) {
    this.#settings = settings
    this.name = settings.pushHost
    this.#client = new RegistryClient(settings.pushHost, { ...settings.client, plainHttp: settings.plainHttp })
    parseReference(`${settings.pushHost}/${settings.repository}`)
  }

  target(handle: string): Target {
    const { pushHost, repository, plainHttp, certificate, access } = this.#settings
    const pushRef = `${pushHost}/${repository}:${handle}`
    // A bad handle is found here and not by a pod.
    parseReference(pushRef)
    return {
      pushRef,
      insecureRegistries: plainHttp ? [pushHost] : [],
      ...(certificate === undefined ? {} : { certificate }),
      ...(access === undefined ? {} : { access })
    }
  }

  pullRef(digest: string): string {
    const { pullHost, repository, pullRepository = repository } = this.#settings
    return `${pullHost}/${pullRepository}@${digest}`
  }

  owns(pushRef: string): boolean {
    const repository = `${this.#settings.pushHost}/${this.#settings.repository}:`
    // A record that somebody forged must not make us delete what never was a build.
    return pushRef.startsWith(repository) && HANDLE.test(pushRef.slice(repository.length))
  }

  async probe(signal?: AbortSignal): Promise<string | undefined> {
    try {
      await this.#client.checkPush(this.#settings.repository, signal)
      return undefined
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      if (error.code === 'UNREACHABLE' && !error.definite) return error.message
      if (error.code === 'RATE_LIMITED') return error.message
      if (error.code === 'SERVER') {
        const { proxy } = this.#settings
        if (proxy === undefined) return error.message
        const why = `the registry behind ${proxy} cannot be used: ${error.message}`
        throw new BuildError('REGISTRY_UNREACHABLE', why, { cause: error })
      }
      throw asBuildError(error, this.#settings.access)
    }
  }

  async has({ pushRef, digest }: StoredImage, signal?: AbortSignal): Promise<boolean> {
    if (digest === undefined) return false
    try {
      const { repository } = parseReference(pushRef)
      return (await this.#client.headManifest(repository, digest, signal)) !== undefined
    } catch (error) {
      throw error instanceof RegistryError ? asBuildError(error, this.#settings.access) : error
    }
  }

  remove(image: StoredImage, signal?: AbortSignal): Promise<Removal> {
    const { repository, tag } = parseReference(image.pushRef)
    const known = image.digest === undefined ? {} : { digest: image.digest }
    return removeImage(this.#client, { repository, ...(tag === undefined ? {} : { tag }), ...known }, signal)
  }
}

function asBuildError(error: RegistryError, access: PushAccess | undefined): BuildError {
  if (error.code === 'ABORTED') return new BuildError('ABORTED', error.message, { cause: error })
  const refused = error.code === 'UNAUTHORIZED' || error.code === 'DENIED' || error.code === 'NOT_FOUND'
  return new BuildError(refused ? 'PUSH_FAILED' : 'REGISTRY_UNREACHABLE', withOrigin(error.message, access), {
    cause: error
  })
}
