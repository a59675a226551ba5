import { homedir } from 'node:os'
import { join } from 'node:path'

/** The two directories that the cluster writes to. */
export interface Places {
  /** Binaries and image archives, made once per machine and kept. */
  readonly cache: string
  /** Everything of the running cluster. Gone after `down`, but for the image store. */
  readonly state: string
}

/** Where things are kept: outside the checkout, so that a fresh clone does not build everything again. */
export function places(environment: NodeJS.ProcessEnv = process.env): Places {
  return {
    cache: environment['KANIKO_HOOKS_CACHE'] ?? join(homedir(), '.cache', 'kaniko-hooks'),
    state: environment['KANIKO_HOOKS_CLUSTER'] ?? '/var/lib/kaniko-hooks-cluster'
  }
}
