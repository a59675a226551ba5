import type { WaitOptions } from '@kaniko-hooks/kube'
import type { BuildRequest } from '../engine.js'
import type { KanikoLog } from './log.js'

/** One part of a build's life. */
export interface Run {
  readonly request: BuildRequest
  readonly kanikoLog: KanikoLog
  readonly progress: PodProgress
  /** Aborted by the caller, by the build's limit, and by `stop`. */
  readonly signal: AbortSignal
  /** Ends the build for the reason that it is given. */
  readonly stop: AbortController
  readonly wait: WaitOptions
}

/** How far the pod itself got. */
export interface PodProgress {
  hasBegun: boolean
  /** The last one that was told. */
  problem: string | undefined
}
