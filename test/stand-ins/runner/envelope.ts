import { randomUUID } from 'node:crypto'
import type { JsonObject } from './json.js'

/** The commands of the container hook protocol. */
export type HookCommand = 'prepare_job' | 'run_script_step' | 'run_container_step' | 'cleanup_job'

export interface ContainerRegistry {
  readonly username: string
  readonly password: string
  readonly serverUrl: string
}

export interface MountVolume {
  /** The string in the workflow; null for the runner's own mounts. */
  readonly userProvidedValue: string | null
  readonly sourceVolumePath: string | null
  readonly targetVolumePath: string
  readonly readOnly: boolean
}

/** A container as the runner serialises it: these keys, in this order, nulls written. */
export interface HookContainer {
  readonly image: string | null
  readonly dockerfile: string | null
  readonly entryPointArgs: readonly string[]
  readonly entryPoint: string | null
  readonly workingDirectory: string | null
  readonly createOptions: string | null
  readonly registry: ContainerRegistry | null
  readonly environmentVariables: Readonly<Record<string, string>>
  readonly portMappings: readonly string[]
  readonly systemMountVolumes: readonly MountVolume[]
  readonly userMountVolumes: readonly MountVolume[]
}

/** `container` is null for a job with services only. */
export interface PrepareJobArgs {
  readonly container: HookContainer | null
  readonly services: readonly HookContainer[]
}

export interface ScriptStepArgs {
  readonly entryPointArgs: readonly string[]
  readonly entryPoint: string
  readonly environmentVariables: Readonly<Record<string, string>>
  /** Container-side strings, newest first. */
  readonly prependPath: readonly string[]
  readonly workingDirectory: string
}

/** A command with its arguments. */
export type HookRequest =
  | { readonly command: 'prepare_job'; readonly args: PrepareJobArgs }
  | { readonly command: 'run_script_step'; readonly args: ScriptStepArgs }
  | { readonly command: 'run_container_step'; readonly args: HookContainer }
  | { readonly command: 'cleanup_job'; readonly args: Readonly<Record<string, never>> }

/** What the hook reads from stdin. */
export interface Envelope {
  readonly command: HookCommand
  readonly responseFile: string
  readonly args: HookRequest['args']
  readonly state: JsonObject | null
}

/**
 * The envelope of one call. prepare_job is always sent without a state.
 *
 * @param responses directory of the response files
 */
export function envelope(request: HookRequest, responses: string, state: JsonObject | null): Envelope {
  return {
    command: request.command,
    responseFile: `${responses}/${randomUUID()}.json`,
    args: request.args,
    state: request.command === 'prepare_job' ? null : state
  }
}

/**
 * The envelope as it goes to stdin: one line of JSON and a newline, UTF-8 without a BOM. NEL and the Unicode line separators
 * are escaped as Newtonsoft does, else Node's readline would see several lines.
 */
export function serialise(message: Envelope): string {
  const escaped = JSON.stringify(message).replaceAll(
    /[\u0085\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
  return `${escaped}\n`
}
