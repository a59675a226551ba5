import type { Configuration, Report } from '../job/call.js'
import type { ContainerArgs, PrepareJob } from '../protocol/schema.js'
import { warningCommand } from '../report/workflow-commands.js'
import { withOptions } from './apply.js'
import { readEnvFiles } from './env-file.js'
import type { ContainerOptions } from './container-options.js'
import { readOptions } from './options.js'
import { optionPolicy } from './policy.js'

/** A container as the runner asks for it, with what of its options the request has fields for; and the options. */
export interface TakenContainer {
  readonly args: ContainerArgs
  readonly options: ContainerOptions
}

/** The containers of a job. */
export interface TakenJob {
  readonly container: TakenContainer | undefined
  readonly services: readonly TakenContainer[]
}

/**
 * Reads the options of a job's containers, and warns of what has no meaning here.
 *
 * @throws HookError INPUT, UNSUPPORTED; see `readOptions`
 */
export function takeOptions(call: Configuration & Report, { container, services }: PrepareJob['args']): TakenJob {
  return {
    container: container === null ? undefined : takeContainerOptions(call, container, 'the job container'),
    services: services.map(service => takeContainerOptions(call, service, `the service ${service.image ?? ''}`))
  }
}

/**
 * Reads the options of one container.
 *
 * @param what the container, for sentences: "the job container"
 * @throws HookError INPUT, UNSUPPORTED; see `readOptions`
 */
export function takeContainerOptions(call: Configuration & Report, args: ContainerArgs, what: string): TakenContainer {
  const options = readOptions(args.createOptions, what, optionPolicy(call.settings))
  const { workDirectory, environment } = call
  const directory = environment.workspace ?? workDirectory
  const { variables, unset } = readEnvFiles(options.envFiles, { workDirectory, directory, what })
  const ignored = [...options.ignored, ...unset.map(name => `${name} of --env-file (without a value)`)]
  if (ignored.length > 0) {
    const whose = `${what.charAt(0).toUpperCase()}${what.slice(1)}`
    call.print(warningCommand(`${whose}: options without meaning in a pod are ignored: ${ignored.join(', ')}.`))
  }
  return { args: withOptions(args, options, variables), options }
}
