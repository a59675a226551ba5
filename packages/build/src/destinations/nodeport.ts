import { parseReference, RegistryClient, RegistryError } from '@kaniko-hooks/registry'
import { type RegistryOptions, type Removal, removeImage } from '@kaniko-hooks/registry'
import { BuildError } from '../errors.js'
import type { Destination, StoredImage, Target } from './destination.js'

/** A registry in the cluster, without credentials, that a NodePort Service shows to the nodes (ADR 0034). */
export interface NodePortSettings {
  /** Its name as pods see it, such as `registry.ci.svc.cluster.local`. */
  readonly host: string
  readonly port: number
  /** The Service's node port: the kubelet pulls from `localhost:<nodePort>`, which container runtimes trust over HTTP. */
  readonly nodePort: number
  /** Repositories are made below this path; default `kaniko-hooks`. */
  readonly prefix?: string
  /** Times and tries of the client. */
  readonly client?: Omit<RegistryOptions, 'plainHttp'>
}

/** A build has a repository of its own, so its one tag says nothing. */
const TAG = 'built'

/** Pushes to `host:port`, pulls from `localhost:<nodePort>`, plain HTTP on both ways and nowhere else. */
export class NodePortDestination implements Destination {
  readonly #settings: NodePortSettings
  readonly #client: RegistryClient

  constructor(settings: NodePortSettings) {
    this.#settings = settings
    this.#client = new RegistryClient(`${settings.host}:${settings.port}`, { ...settings.client, plainHttp: true })
  }

  target(handle: string): Target {
    const { nodePort, prefix = 'kaniko-hooks' } = this.#settings
    const registry = this.#client.host
    const repository = `${prefix}/${handle}`
    // A bad handle or host is found here and not by a pod.
    parseReference(`${registry}/${repository}:${TAG}`)
    return {
      pushRef: `${registry}/${repository}:${TAG}`,
      insecureRegistries: [registry],
      pullRef: digest => `localhost:${nodePort}/${repository}@${digest}`
    }
  }

  async probe(signal?: AbortSignal): Promise<string | undefined> {
    try {
      await this.#client.ping(signal)
      return undefined
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      if (error.code === 'ABORTED') throw new BuildError('ABORTED', error.message, { cause: error })
      if (error.code !== 'UNREACHABLE' || error.definite) {
        throw new BuildError('REGISTRY_UNREACHABLE', error.message, { cause: error })
      }
      return error.message
    }
  }

  remove(image: StoredImage, signal?: AbortSignal): Promise<Removal> {
    const { repository, tag } = parseReference(image.pushRef)
    const known = image.digest === undefined ? {} : { digest: image.digest }
    return removeImage(this.#client, { repository, ...(tag === undefined ? {} : { tag }), ...known }, signal)
  }
}
