import type { V1Pod } from '@kaniko-hooks/kube'
import type { Context } from '../context/context.js'
import type { Target } from '../destinations/destination.js'
import type { RegistryProxy } from '../dockerfile/registry-proxy.js'
import type { ImageFile } from './pod/fetch-files.js'
import type { LayerCache } from './pod/settings.js'

/** For what an image is built, and on what. */
export interface Platform {
  readonly os: string
  /** In the words of images: `amd64`. */
  readonly architecture: string
  /** Such as `v7`. */
  readonly variant?: string
}

/** An instruction that an engine would not refuse, but get wrong. */
export interface Finding {
  /** In the Dockerfile, from 1. */
  readonly line: number
  /** The instruction as written. */
  readonly instruction: string
  /** A sentence: what would happen. */
  readonly problem: string
  /** A sentence: what to do. */
  readonly advice: string
}

/** A context and arguments of which an engine makes the image that Docker would make. */
export interface Prepared {
  readonly context: Context
  readonly buildArgs: Readonly<Record<string, string>>
  /** What the engine cannot be made to build as Docker does. */
  readonly findings: readonly Finding[]
}

/** What of a request changes how its Dockerfile is read. */
export interface Wishes {
  /** The stage that becomes the image; name or number. Default: the last one. */
  readonly target?: string
  /** Of the image: they win over what the Dockerfile says. */
  readonly labels?: Readonly<Record<string, string>>
  /** Ids of the secrets that the build has. */
  readonly secrets?: readonly string[]
}

/** Values that a `RUN --mount=type=secret` sees. Any other `RUN` of the build can read them too. */
export interface SecretFiles {
  /** A Secret in the build pod's namespace with the keys `0`, `1`, … */
  readonly secret: string
  /** Which secret each of them is, in that order. */
  readonly ids: readonly string[]
}

/** What one build fetches its base images with. */
export interface BaseAccess {
  /** Registries that are reached by another way than their name. */
  readonly proxies?: readonly RegistryProxy[]
  /**
   * A Secret of type `kubernetes.io/dockerconfigjson` for base images and the layer cache. It lies in the container that
   * runs `RUN`: each such line can read it.
   */
  readonly credentials?: string
}

export interface BuildRequest {
  readonly context: Context
  /**
   * Names the build; no other build has this name. It is a label of the image, so that its digest is its own. Undefined for an
   * image that is somebody's own and carries no label of ours.
   */
  readonly handle?: string
  /** Where the image goes; none for an image that nobody gets, of which only the digest is told. */
  readonly targets: readonly Target[]
  readonly bases?: BaseAccess
  /** Values for `ARG`. No secrets: they are seen in the builder's arguments and may stay in the image. */
  readonly buildArgs?: Readonly<Record<string, string>>
  /** Of the image's configuration. */
  readonly labels?: Readonly<Record<string, string>>
  /** Of its manifest. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly secrets?: SecretFiles
  /** In place of the engine's own, or none. */
  readonly cache?: LayerCache | 'none'
  /** Further arguments of the engine, as the user wrote them. */
  readonly engineArgs?: readonly string[]
  /** What becomes of the image besides its pushes; fetched before they are waited for. */
  readonly files?: readonly ImageFile[]
  /** How often a push that failed is tried again. Default: as the engine likes. */
  readonly pushRetries?: number
  /** For the whole build. */
  readonly timeoutMs: number
  /** For the push alone, within the former: a registry that takes no byte more must not use all of it up. */
  readonly pushTimeoutMs: number
  /** Told each line that a person should read, as it comes. */
  readonly log: (line: string) => void
  /**
   * Told of each pod that is made for the build, a second one after the first was rejected included: Secrets that it names may
   * be made now, and be owned by it. The build waits, and fails with what is thrown.
   */
  readonly onPod?: (pod: V1Pod) => Promise<void>
}

export interface BuiltImage {
  readonly digest: string
  readonly phases: BuildPhases
}

/** How long each part took, in milliseconds. */
export interface BuildPhases {
  /** All that the cluster does for the builder's pod: scheduling, image pulls, and the start of each container. */
  readonly podMs: number
  /** The transfer alone; of a context that comes with its pod, the packing. */
  readonly contextMs: number
  /** All instructions. */
  readonly buildMs: number
  readonly pushMs: number
}

/**
 * Turns a context into a pushed image.
 *
 * Order: `prepare` first, which asks nobody and may be called at any time; then `build` with what it gave, unless it found
 * something.
 *
 * Concurrency: builds may run at the same time if their targets differ.
 *
 * Idempotency: `build` starts from nothing each time; a second build of one target replaces its tag.
 *
 * A build that goes on by itself: `reserve` names it, so that the name can be written down before anything exists; `start` returns
 * when the build needs nobody any more; `follow`, in this process or a later one, tells how it ended. `build` is all three.
 *
 * Clean-up: whatever `build` creates in the cluster is gone, or its deletion is accepted by the API, when its promise
 * settles: after success, failure, timeout and abort alike, within a few seconds. The same holds for `follow`, and for a `start`
 * that fails; what was started and is never followed is the caller's to remove, by the name. An image that was pushed stays; it is
 * the caller's to remove, even after a failure that came later than the push.
 */
export interface Engine {
  /** Everything besides context and arguments that decides what a build makes: name, image, options. One line. */
  readonly identity: string

  /**
   * Makes of a context what this engine builds as Docker would build the context, and finds what it would get wrong all
   * the same.
   *
   * @param platform for which and on which it is built
   * @param buildArgs the user's own; more may be needed
   * @throws BuildError `REQUEST_REFUSED` for a target that is no stage
   */
  prepare(context: Context, platform: Platform, buildArgs: Readonly<Record<string, string>>, wishes?: Wishes): Prepared

  /**
   * All targets have the image when this resolves. When one of them has not, the error says which have it.
   *
   * @throws BuildError with the failing instruction, the registry's answer or the pod's reason; `ABORTED` soon after
   *   the signal
   */
  build(request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage>

  /** A name for a build that is to be started, which no other build has. */
  reserve(): string

  /**
   * Begins a build that goes on without the caller. Room for it in the cluster is not waited for, and a node that rejects it is
   * not tried again: how it went is seen by who follows it. Large contexts may be refused.
   *
   * @param name of `reserve`
   * @param request without secrets and files, which need somebody beside the build
   * @throws BuildError; nothing goes on then
   */
  start(name: string, request: BuildRequest, signal?: AbortSignal): Promise<void>

  /**
   * Follows a build that was started, from the first line of its log, and removes what it left.
   *
   * @param request what it was started with, made anew; its times begin now
   * @throws BuildError as `build` does; its cause is a `LostBuild` when the build was taken away before its end could be read,
   *   which tells nothing about what is built
   */
  follow(name: string, request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage>
}

/** A build that was started is not there any more, or was ended by somebody else. */
export class LostBuild extends Error {
  override readonly name = 'LostBuild'
}
