import type { ImageFacts, Removal } from '@kaniko-hooks/registry'

/** Where one build's image goes. */
export interface Target {
  /** What is pushed to, with a tag: `registry.ci.svc:5000/kaniko-hooks/actions:3f2a…`. */
  readonly pushRef: string
  /** Further tags that the image gets in the same repository. */
  readonly tags?: readonly string[]
  /** `host:port` of registries that are spoken to over plain HTTP. */
  readonly insecureRegistries: readonly string[]
  /** What the registry's certificate is checked with, besides the well-known authorities. */
  readonly certificate?: SecretKey
  /**
   * What the container that pushes is let in with. When there is any, it is a container of its own, and no other one of
   * the pod has it: every `RUN` line could read it.
   */
  readonly access?: PushAccess
}

/** One key of a Secret in the build pod's namespace. */
export interface SecretKey {
  readonly secret: string
  readonly key: string
}

/** What a push is let in with: what it is, not the files that a pod or a machine makes of it. */
export type PushAccess = DockerConfig | ConnectorAccess

/** A Secret of type `kubernetes.io/dockerconfigjson` in the build pod's namespace. */
export interface DockerConfig {
  readonly kind: 'docker-config'
  readonly secret: string
}

/** A proxy of an OCI Connector, which adds the registry's password to what comes with a short-lived token. */
export interface ConnectorAccess {
  readonly kind: 'connector'
  readonly volume: ConnectorVolume
  /**
   * By the reverse proxy: the configuration of the connector's class that makes a `config.json`. By the forward proxy: for
   * which registry it lends the password, as the end of a sentence.
   */
  readonly proxy: { readonly reverse: string } | { readonly forward: string }
}

/** An OCI Connector (`connectors.alauda.io/v1alpha1`): a proxy that holds the registry's password, so that no job needs it. */
export interface ConnectorName {
  readonly namespace: string
  readonly name: string
}

/** What a connector's CSI driver is asked for. */
export interface ConnectorVolume extends ConnectorName {
  /** How the connector is named: `connectors` since 1.9, `connector.name` in all versions. */
  readonly attributes: 'connectors' | 'connector.name'
  /** How long the token in the files is good; it must outlast the build, since it is made when the pod starts. */
  readonly tokenSeconds: number
  /** Whose right to the connector counts. */
  readonly serviceAccount: string
}

/** The life of a connector's token in minutes: its driver takes no seconds. */
export function tokenMinutes({ tokenSeconds }: ConnectorVolume): number {
  return Math.ceil(tokenSeconds / 60)
}

/** What has to be remembered of an image to find or remove it later. Plain JSON. */
export interface StoredImage {
  /** The reference that was pushed to. */
  readonly pushRef: string
  /** Unknown while a build is under way. */
  readonly digest?: string | undefined
}

/**
 * A place for images: how a builder reaches it, how the kubelet does, and how an image leaves it again.
 *
 * Order: `target` first, and once for each build; then `probe` if wished; `has` and `remove` at any time after the push,
 * also in another process. All of them may be called concurrently, and repeated.
 */
export interface Destination {
  /** Who answers the hook, for messages: the registry, or a proxy in its place. */
  readonly name: string

  /**
   * Names the place for one build. It does not ask the registry.
   *
   * @param handle names the build: 12 and 8 hex digits with a dash between. Two builds never share a handle
   */
  target(handle: string): Target

  /** What the kubelet pulls, by digest. It may see the registry under another name than the builder does. */
  pullRef(digest: string): string

  /** Whether an image that was pushed to this reference is in this place. It does not ask the registry. */
  owns(pushRef: string): boolean

  /**
   * Asks the registry whether it is there and takes a push, before a pod starts in vain.
   *
   * @returns undefined when it does; a sentence for the log when it did not answer in time, since the network of the
   *   caller need not be that of the builder
   * @throws BuildError `REGISTRY_UNREACHABLE` when it surely is not there, `PUSH_FAILED` when it refuses, `ABORTED`
   */
  probe(signal?: AbortSignal): Promise<string | undefined>

  /**
   * Whether the registry still has an image by its digest.
   *
   * @throws BuildError when it cannot be asked
   */
  has(image: StoredImage, signal?: AbortSignal): Promise<boolean>

  /**
   * What the registry tells of an image that was pushed; undefined when it has none of this digest.
   *
   * @throws RegistryError when it cannot be asked
   */
  facts(digest: string, signal?: AbortSignal): Promise<ImageFacts | undefined>

  /** Removes an image whose pods have all ended. A refusal is a result and not an exception. */
  remove(image: StoredImage, signal?: AbortSignal): Promise<Removal>
}
