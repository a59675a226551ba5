import type { V1Pod } from '@kubernetes/client-node'

/** How a container ended. */
export interface ContainerResult {
  /** Of the container; 1 when there is none to read. */
  readonly exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, … */
  readonly reason?: string
  /** The container's termination message. */
  readonly message?: string
  /** False when the code does not tell what the program did: 0 must then not count as success. */
  readonly trustworthy: boolean
  /** Why not, or for a trustworthy failure what the cluster knows about it. A sentence. */
  readonly why?: string
}

export function containerResult(_pod: V1Pod, _container: string): ContainerResult {
  throw new Error('not yet')
}
