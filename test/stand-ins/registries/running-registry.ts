import type { Cluster } from '../../harness/cluster/index.js'
import { combinedLines } from './access-log.js'
import { imagesIn, type Endpoint } from './catalogue.js'
import { logOf, undoAll, type Undo } from './objects.js'
import type { Registry, RequestLine, Users } from './registry.js'

/** What {@link Registry} is made of, once its server runs. */
export interface RunningParts {
  readonly cluster: Cluster
  readonly namespace: string
  readonly name: string
  readonly pushHost: string
  readonly pullHost: string
  /** How this machine asks it. */
  readonly endpoint: Endpoint
  readonly users?: Users
  /** What has to be taken back, the last thing first. */
  readonly undo: readonly Undo[]
  /** How the server's log is read; default: as distribution's. */
  readonly lines?: (log: string) => RequestLine[]
}

/** A registry whose pod is ready. */
export function runningRegistry(parts: RunningParts): Registry {
  const { cluster, namespace, name, pushHost, pullHost, endpoint, users, undo, lines = combinedLines } = parts
  return {
    pushHost,
    pullHost,
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
    ...(users === undefined ? {} : { users }),
    images: () => imagesIn(endpoint),
    requests: async () => lines(await logOf(cluster, namespace, name)),
    remove: () => undoAll(undo)
  }
}
