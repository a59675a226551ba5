import type { ImageBuild } from './image-build.js'

export type BackendName = 'broker' | 'kubernetes' | 'docker' | 'local' | 'via'

/** Where a build is in its way, for groups of a log and for progress. */
export type Phase = 'context' | 'bases' | 'build' | 'push'

/** Who is told of a build as it goes on. */
export interface Listener {
  /** A line that a person should read; it is not checked for workflow commands. */
  readonly line: (line: string) => void
  readonly phase: (phase: Phase) => void
  /**
   * Told before there is anything that a caller who is killed would leave behind; `Backend.cancel` takes the id. Of several
   * ids the last one counts: the others are ended by then.
   */
  readonly started?: (buildId: string) => void
}

/** An image that was built, told only after a good end. */
export interface BuildOutcome {
  /** Of the manifest, `sha256:…`; with and without a push. */
  readonly digest: string
  /** Of the image's configuration; what Docker calls the image's id. Undefined where nobody can tell. */
  readonly imageId: string | undefined
  /** References that the registry surely has. */
  readonly pushed: readonly string[]
  /** Names the build where it ran: a pod, a request of the broker. */
  readonly buildId: string
  readonly backend: BackendName
  /** Bytes of all layers, compressed. */
  readonly size: number | undefined
  readonly durationsMs: Readonly<Partial<Record<Phase | 'queue', number>>>
}

/** How long a server may think about whether it can build here, when another backend could build in its place; in milliseconds. */
export const PATIENCE_MS = 2_500

/**
 * Somebody who builds images.
 *
 * Clean-up: whatever `build` makes besides the pushed image is gone, or its deletion is accepted, when its promise settles.
 */
export interface Backend {
  readonly name: BackendName

  /**
   * @returns undefined if it can build here; else why not, as the end of a sentence: "the variable KBUILD_BROKER is not set".
   * It starts nothing
   * @param patienceMs how long a server may think about it; unsaid, `PATIENCE_MS`
   */
  missing(patienceMs?: number): Promise<string | undefined>

  /**
   * @throws BuildError with the failing instruction, the registry's answer or the reason of the pod; when some tags were
   *   pushed and others not, `pushed` of a `PartlyPushed` in its cause says which
   */
  build(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome>

  /**
   * Ends a build whose caller was killed. It is no error when there is no such build any more. Absent where nothing outlives
   * its caller.
   *
   * @param buildId may be a stranger's text, since it was kept where a job's processes write
   * @throws BuildError `REQUEST_REFUSED` for what is no id of this backend's builds
   */
  cancel?(buildId: string): Promise<void>

  /** What the build would ask for, as objects to be read, without a credential and without asking for it. Absent for a command. */
  describe?(request: ImageBuild, signal: AbortSignal): Promise<readonly object[]>
}
