import type { ContainerOptions } from '../options/container-options.js'
import type { ContainerArgs } from '../protocol/schema.js'

/** A service of a job. */
export interface Service {
  /** For people: the workflow's key, or the container's name where nobody knows the key. */
  readonly title: string
  /** Its container's name, which the hook template knows. */
  readonly container: string
  readonly image: string
  readonly args: ContainerArgs
  /** The names under which it is reached. */
  readonly hosts: readonly string[]
  /** See `HostNames.odd`. */
  readonly oddHosts: readonly string[]
  readonly options: ContainerOptions
  /** Its ports are taken in the job's pod. */
  readonly hasOwnPod: boolean
}
