import type { Removal } from '@kaniko-hooks/registry'

/** Where one build's image goes. */
export interface Target {
  /** What the builder pushes to, with a tag: `registry.ci.svc:5000/kaniko-hooks/x:built`. */
  readonly pushRef: string
  /** `host:port` of registries that are spoken to over plain HTTP. */
  readonly insecureRegistries: readonly string[]
  /** What the kubelet pulls, by digest. It may see the registry under another name than the builder does. */
  pullRef(digest: string): string
}

/** What has to be remembered of an image to remove it later. Plain JSON. */
export interface StoredImage {
  /** The reference that was pushed to. */
  readonly pushRef: string
  /** Unknown while a build is under way. */
  readonly digest?: string
}

/**
 * A place for images: how a builder reaches it, how the kubelet does, and how an image leaves it again.
 *
 * Order: `target` first, and once for each build; then `probe` if wished; `remove` at any time after the push, also in
 * another process. All of them may be called concurrently, and repeated.
 */
export interface Destination {
  /**
   * Names the place for one build. It does not ask the registry.
   *
   * @param handle names the build, in lower-case letters, digits and dashes. Two builds never share a handle: removal by
   *   digest takes every tag of it in a repository along
   */
  target(handle: string): Target

  /**
   * Asks the registry whether it is there, before a pod starts in vain.
   *
   * @returns undefined when it is; a sentence for the log when it did not answer in time, since the network of the caller
   *   need not be that of the builder
   * @throws BuildError `REGISTRY_UNREACHABLE` when it surely is not there, `ABORTED`
   */
  probe(signal?: AbortSignal): Promise<string | undefined>

  /** Removes an image whose pods have all ended. A refusal is a result and not an exception. */
  remove(image: StoredImage, signal?: AbortSignal): Promise<Removal>
}
