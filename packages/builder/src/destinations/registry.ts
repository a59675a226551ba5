import { imageFacts, parseReference, RegistryClient, RegistryError } from '@kaniko-hooks/registry'
import { type ImageFacts, type RegistryOptions, type Removal, removeImage } from '@kaniko-hooks/registry'
import { BuildError } from '../errors.js'
import type { Destination, PushAccess, SecretKey, StoredImage, Target } from './destination.js'
import { credentialOf, withOrigin } from './refusal.js'

/** What builds are called: the beginning of a key, and what makes it the only one. */
const HANDLE = /^[0-9a-f]{12}-[0-9a-f]{8}$/

const DOCKER_HUB = ['docker.io', 'index.docker.io']

/** One of the addresses of a repository. */
export interface RepositoryName {
  /** `host[:port]` */
  readonly host: string
  /** Below it, without a tag. */
  readonly repository: string
}

/** The same for those whose own connection it is: the kubelet's is the node's business. */
export interface RepositoryAddress extends RepositoryName {
  /** Plain HTTP, for this host only. */
  readonly plainHttp: boolean
}

/** The one repository that takes the images of all builds, as the builder, the kubelet and the hook see it. */
export interface RegistrySettings {
  /** Images are pushed here; records of images hold this address. */
  readonly push: RepositoryAddress
  /** The kubelet pulls from here; mostly equal to `push`. */
  readonly pull: RepositoryName
  /** Images are looked up and removed here, where the hook cannot reach `push`. Default: `push`. */
  readonly api?: RepositoryAddress
  readonly certificate?: SecretKey
  readonly access?: PushAccess
  /** Who answers in the registry's place: its 502 is said of a registry that is down, and no doubt. Other 5xx pass. */
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
  readonly #api: RepositoryAddress
  readonly #client: RegistryClient

  /** @throws RegistryError `INVALID_REFERENCE` when host and repository make no name */
  constructor(settings: RegistrySettings) {
    const { push, pull, api = push } = settings
    this.#settings = settings
    this.#api = api
    this.name = api.host
    this.#client = new RegistryClient(api.host, { ...settings.client, plainHttp: api.plainHttp })
    for (const name of [push, pull, api]) checkName(name)
  }

  target(handle: string): Target {
    const { push, certificate, access } = this.#settings
    const pushRef = `${push.host}/${push.repository}:${handle}`
    // A bad handle is found here and not by a pod.
    parseReference(pushRef)
    return {
      pushRef,
      insecureRegistries: push.plainHttp ? [push.host] : [],
      ...(certificate === undefined ? {} : { certificate }),
      ...(access === undefined ? {} : { access })
    }
  }

  pullRef(digest: string): string {
    const { host, repository } = this.#settings.pull
    return `${host}/${repository}@${digest}`
  }

  owns(pushRef: string): boolean {
    const { host, repository } = this.#settings.push
    const builds = `${host}/${repository}:`
    // A record that somebody forged must not make us delete what never was a build.
    return pushRef.startsWith(builds) && HANDLE.test(pushRef.slice(builds.length))
  }

  async probe(signal?: AbortSignal): Promise<string | undefined> {
    try {
      await this.#client.checkPush(this.#api.repository, signal)
      return undefined
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      if (error.code === 'UNREACHABLE' && !error.definite) return error.message
      if (error.code === 'RATE_LIMITED') return error.message
      if (error.code === 'SERVER') {
        const { proxy } = this.#settings
        if (proxy === undefined || error.status !== 502) return error.message
        const why = `the registry behind ${proxy} cannot be used: ${error.message}`
        throw new BuildError('REGISTRY_UNREACHABLE', why, { cause: error })
      }
      throw asBuildError(error, this.#settings.access)
    }
  }

  async has({ digest }: StoredImage, signal?: AbortSignal): Promise<boolean> {
    if (digest === undefined) return false
    try {
      return (await this.#client.headManifest(this.#api.repository, digest, signal)) !== undefined
    } catch (error) {
      throw error instanceof RegistryError ? asBuildError(error, this.#settings.access) : error
    }
  }

  async facts(digest: string, signal?: AbortSignal): Promise<ImageFacts | undefined> {
    const manifest = await this.#client.getManifest(this.#api.repository, digest, signal)
    return manifest === undefined ? undefined : imageFacts(manifest)
  }

  remove(image: StoredImage, signal?: AbortSignal): Promise<Removal> {
    const { repository } = this.#api
    const { tag } = parseReference(image.pushRef)
    const known = image.digest === undefined ? {} : { digest: image.digest }
    return removeImage(this.#client, { repository, ...(tag === undefined ? {} : { tag }), ...known }, signal)
  }
}

/** Docker's rules take a first part without dot and port for a part of a path on Docker Hub, and a push goes there. */
function checkName({ host, repository }: RepositoryName): void {
  const name = `${host}/${repository}`
  const { domain } = parseReference(name)
  if (domain === host || DOCKER_HUB.includes(host)) return
  const why = `write the registry ${host} with a port or a dot`
  throw new RegistryError('INVALID_REFERENCE', `"${name}" would be an image of Docker Hub: ${why}`)
}

function asBuildError(error: RegistryError, access: PushAccess | undefined): BuildError {
  if (error.code === 'ABORTED') return new BuildError('ABORTED', error.message, { cause: error })
  const refused = error.code === 'UNAUTHORIZED' || error.code === 'DENIED' || error.code === 'NOT_FOUND'
  return new BuildError(
    refused ? 'PUSH_FAILED' : 'REGISTRY_UNREACHABLE',
    withOrigin(error.message, credentialOf(access)),
    {
      cause: error
    }
  )
}
