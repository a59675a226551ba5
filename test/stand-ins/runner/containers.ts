import type { ContainerSpec } from './container.js'

/** The evaluated containers of a job. */
export interface Containers {
  readonly job: ContainerSpec | undefined
  readonly services: readonly { readonly alias: string; readonly spec: ContainerSpec }[]
}

/** A program in the job container; all paths are the container's. */
export interface ScriptCall {
  readonly program: string
  /** The argument string as the runner formats it, not split yet. */
  readonly args: string
  readonly env: Readonly<Record<string, string>>
  readonly workingDirectory: string
}
