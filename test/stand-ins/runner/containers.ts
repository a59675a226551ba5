import type { ActionContainer, ContainerSpec } from './container.js'
import type { Frame, JobState } from './runner.js'

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

/**
 * What a runner does with the containers of a job: through a hook, or with Docker. Each method throws what ends its step; an
 * exit code that is not 0 fails the frame.
 */
export interface JobContainers {
  /** Starts the job container and the services, and fills the `job` context and `state.container`. */
  start(state: JobState, frame: Frame, containers: Containers): Promise<void>
  /** Ends what `start` began, however far it came. */
  stop(state: JobState, frame: Frame): Promise<void>
  /** Runs a program in the job container. */
  runScript(state: JobState, frame: Frame, call: ScriptCall): Promise<void>
  /** Runs a container action; its environment has host paths. */
  runAction(state: JobState, frame: Frame, action: ActionContainer): Promise<void>
}
