import * as v from 'valibot'

/**
 * The runner's JSON, as `ContainerHookManager` writes it: camelCase, nulls written, unknown fields possible.
 * Every list and map may be null or absent; they are made empty here, once.
 */
const text = v.string()
const optionalText = v.nullish(text, null)
const texts = v.nullish(v.array(text), [])
// valibot takes a list for a record with numbers as names.
const noList = v.rawCheck<unknown>(({ dataset, addIssue }) => {
  if (Array.isArray(dataset.value)) addIssue({ expected: 'Object', received: 'Array' })
})
const environment = v.pipe(
  v.nullish(v.pipe(v.unknown(), noList, v.record(text, v.nullable(text))), {}),
  v.transform(map => Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? ''] as const)))
)

const volume = v.object({
  sourceVolumePath: optionalText,
  targetVolumePath: text,
  readOnly: v.nullish(v.boolean(), false)
})
const volumes = v.nullish(v.array(volume), [])

const registry = v.object({ username: optionalText, password: optionalText, serverUrl: optionalText })

const containerFields = {
  image: optionalText,
  dockerfile: optionalText,
  entryPoint: optionalText,
  entryPointArgs: texts,
  workingDirectory: optionalText,
  createOptions: optionalText,
  registry: v.nullish(registry, null),
  environmentVariables: environment,
  portMappings: texts,
  systemMountVolumes: volumes,
  userMountVolumes: volumes
}
const container = v.object(containerFields)

const envelope = { responseFile: v.pipe(text, v.nonEmpty()), state: v.nullish(v.record(text, v.unknown()), null) }

const prepareJob = v.object({
  ...envelope,
  command: v.literal('prepare_job'),
  args: v.object({
    container: v.nullish(container, null),
    services: v.nullish(v.array(container), [])
  })
})
const runScriptStep = v.object({
  ...envelope,
  command: v.literal('run_script_step'),
  args: v.object({
    entryPoint: v.pipe(text, v.nonEmpty()),
    entryPointArgs: texts,
    environmentVariables: environment,
    prependPath: texts,
    workingDirectory: optionalText
  })
})
const runContainerStep = v.object({
  ...envelope,
  command: v.literal('run_container_step'),
  args: container
})
const cleanupJob = v.object({
  ...envelope,
  command: v.literal('cleanup_job'),
  args: v.optional(v.nullable(v.unknown()))
})

/** One call of the hook; `command` tells the four apart. */
export const command = v.variant('command', [prepareJob, runScriptStep, runContainerStep, cleanupJob])

export type Command = v.InferOutput<typeof command>
export type PrepareJob = v.InferOutput<typeof prepareJob>
export type RunScriptStep = v.InferOutput<typeof runScriptStep>
export type RunContainerStep = v.InferOutput<typeof runContainerStep>
export type CleanupJob = v.InferOutput<typeof cleanupJob>
/** A job or service container, or a container step. */
export type ContainerArgs = v.InferOutput<typeof container>
export type VolumeArgs = v.InferOutput<typeof volume>
export type RegistryArgs = v.InferOutput<typeof registry>
