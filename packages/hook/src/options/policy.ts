import type { SettingsFile } from '../settings/schema.js'
import { bytes } from './quantities.js'

/** What the administrator lets options ask for. */
export interface OptionPolicy {
  /** What is refused otherwise: `privileged`, `cap-add=SYS_PTRACE`, or `cap-add=*`. */
  readonly allow: readonly string[]
  /** Memory and shmSize in bytes. */
  readonly maximum: {
    readonly cpus?: number | undefined
    readonly memory?: number | undefined
    readonly shmSize?: number | undefined
    readonly gpus?: number | undefined
  }
  /** The resource that `--gpus` asks for. */
  readonly gpuResource: string
  /** The runner's architecture, as nodes are labelled. */
  readonly arch: string
}

/** The policy of a settings file. */
export function optionPolicy({ options }: Pick<SettingsFile, 'options'>, arch: string = process.arch): OptionPolicy {
  const { cpus, memory, shmSize, gpus } = options.maximum
  return {
    allow: options.allow,
    maximum: {
      cpus,
      gpus,
      memory: memory === undefined ? undefined : bytes(memory),
      shmSize: shmSize === undefined ? undefined : bytes(shmSize)
    },
    gpuResource: options.gpuResource,
    arch: arch === 'x64' ? 'amd64' : arch
  }
}
