import type { Configuration, Report } from '../job/call.js'
import type { ContainerArgs, PrepareJob } from '../protocol/schema.js'
import { warningCommand } from '../report/workflow-commands.js'
import { withOptions } from './apply.js'
import { readEnvFiles } from './env-file.js'
import type { ContainerOptions } from './container-options.js'
import { readOptions } from './options.js'
import { optionPolicy } from './policy.js'

/**
 * Reads the options of a job's containers, and warns of what has no meaning here.
 *
 * @returns the request with what of the options it has fields for, and the options of each container
 * @throws HookError INPUT, UNSUPPORTED; see `readOptions`
 */
export function takeOptions(
  call: Configuration & Report,
  { container, services }: PrepareJob['args']
): {
  readonly args: PrepareJob['args']
  readonly options: { readonly container: ContainerOptions | undefined; readonly services: readonly ContainerOptions[] }
} {
  const job = container === null ? undefined : takeContainerOptions(call, container, 'the job container')
  const taken = services.map(service => takeContainerOptions(call, service, `the service ${service.image ?? ''}`))
  return {
    args: { container: job?.args ?? null, services: taken.map(({ args }) => args) },
    options: { container: job?.options, services: taken.map(({ options }) => options) }
  }
}

/**
 * Reads the options of one container.
 *
 * @param what the container, for sentences: "the job container"
 * @throws HookError INPUT, UNSUPPORTED; see `readOptions`
 */
export function takeContainerOptions(
  call: Configuration & Report,
  args: ContainerArgs,
  what: string
): { readonly args: ContainerArgs; readonly options: ContainerOptions } {
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
