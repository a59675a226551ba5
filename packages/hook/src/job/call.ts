import type { Kube } from '@kaniko-hooks/kube'

import type { Environment } from '../settings/environment.js'
import type { Line } from '../report/workflow-commands.js'
import type { Settings } from '../settings/settings.js'

/** One call of the hook: what a command gets to do its work. */
export interface Call {
  readonly environment: Environment
  readonly settings: Settings
  /** The namespace in which our pods live. */
  readonly kube: Kube
  /** The runner's own namespace; mostly the same. */
  readonly runnerKube: Kube
  /** The token by which both ask; undefined when they have a certificate. */
  readonly ownToken: () => Promise<string | undefined>
  /** The runner's `_work`, absolute. */
  readonly workDirectory: string
  /** A line of ours for the workflow's log. */
  readonly print: Line
  /** A sentence for debug logging, off by default. */
  readonly note: (text: string) => void
  /** Values that must never be printed: what the hook read of Secrets is added as it is read. */
  readonly secrets: Set<string>
  /** Output of the user's programs, as it is; resolves when there is room for more. */
  readonly output: (chunk: Uint8Array | string) => Promise<void>
  /** Aborted when the runner cancels the step: everything of it must be gone 7 s later. */
  readonly cancelled: AbortSignal
  /** Notes how long a part took, in milliseconds, for the operators' log line. */
  readonly phase: (name: string, ms: number) => void
}
