import type { Kube } from '@kaniko-hooks/kube'

import type { Environment } from '../settings/environment.js'
import type { Line } from '../report/workflow-commands.js'
import type { Settings } from '../settings/settings.js'

/** The cluster, as one call of the hook sees it. */
export interface Cluster {
  /** The namespace in which our pods live. */
  readonly kube: Kube
  /** The runner's own namespace; mostly the same. */
  readonly runnerKube: Kube
  /** The token that both clients send; undefined when they have a certificate. */
  readonly ownToken: () => Promise<string | undefined>
  /** Aborted when the runner cancels the step: everything of the step must be gone within ten seconds. */
  readonly cancelled: AbortSignal
}

/** What people and operators get to read of a call. */
export interface Report {
  /** A line of ours for the workflow's log. */
  readonly print: Line
  /** A sentence for debug logging, off by default. */
  readonly note: (text: string) => void
  /** Values that must never be printed: what the hook read of Secrets is added as it is read. */
  readonly secrets: Set<string>
  /** Output of the user's programs, as it is; resolves when there is room for more. */
  readonly output: (chunk: Uint8Array | string) => Promise<void>
  /** Notes how long a part took, in milliseconds, for the operators' log line. */
  readonly phase: (name: string, ms: number) => void
}

/** What stands before a call begins. */
export interface Configuration {
  readonly environment: Environment
  readonly settings: Settings
  /** The runner's `_work`, absolute. */
  readonly workDirectory: string
}

/** One call of the hook. A function takes the parts that it needs; only commands need all. */
export interface Call extends Cluster, Report, Configuration {}
