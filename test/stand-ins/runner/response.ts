import { RunnerError } from './error.js'
import type { HookCommand } from './envelope.js'
import { isJsonObject } from './json.js'
import type { Json, JsonObject } from './json.js'

/** A container of a response's context; what is missing or null in the file is null here. */
interface ResponseContainer {
  readonly id: string | null
  readonly network: string | null
  readonly ports: Readonly<Record<string, string>> | null
}

/** A response file, read as the runner's deserialiser reads it. */
export interface HookResponse {
  readonly state: JsonObject | undefined
  readonly isAlpine: boolean | null
  readonly context:
    { readonly container: ResponseContainer | null; readonly services: readonly ResponseContainer[] | null } | undefined
}

/** What a call demands of its response. */
export interface ResponseDemand {
  readonly command: HookCommand
  readonly hook: string
  /** True for prepare_job with a job container. */
  readonly requiresAlpine: boolean
}

/**
 * Reads a response file with the runner's rules: names in any case, an empty file is no response, wrong types are errors.
 *
 * @param text the file's content; undefined when it is gone
 * @returns undefined for no response where none is required
 * @throws RunnerError HOOK with the runner's own sentence, which it does not show (it wraps it in an opaque one)
 */
export function readResponse(text: string | undefined, demand: ResponseDemand): HookResponse | undefined {
  if (text === undefined) {
    if (!demand.requiresAlpine) return undefined
    throw hookError(
      `Response file is required but not found for the hook script at '${demand.hook}' running command '${demand.command}'`
    )
  }
  const value = parse(text)
  if (value === null) {
    if (!demand.requiresAlpine) return undefined
    throw hookError(`Response file could not be read at '${demand.hook}' running command '${demand.command}'`)
  }
  if (!isJsonObject(value)) throw hookError('The response is not a JSON object.')
  const isPrepare = demand.command === 'prepare_job'
  const response: HookResponse = {
    state: objectOrNothing(get(value, 'state'), 'state'),
    // The other commands' responses have a state only; the rest of the file is ignored.
    isAlpine: isPrepare ? booleanOrNull(get(value, 'isAlpine')) : null,
    context: isPrepare ? contextOf(get(value, 'context')) : undefined
  }
  if (demand.requiresAlpine && response.isAlpine === null) {
    throw hookError("The property 'isAlpine' is required but was not found in the response file.")
  }
  return response
}

/** What prepare_job's response puts into the `job` context. */
export interface JobContext {
  readonly container: Readonly<Record<string, string>>
  readonly services: Readonly<Record<string, Json>>
}

/**
 * The `job.container` and `job.services` of a response. Services are matched by index.
 *
 * @param aliases the services' names in the order of the request
 * @throws RunnerError HOOK as the runner fails: no response in a job without container, more services than were asked for, no `ports`
 */
export function jobContext(response: HookResponse | undefined, aliases: readonly string[]): JobContext {
  if (response === undefined) throw nullReference()
  if (response.context === undefined) return { container: {}, services: {} }
  const { container, services } = response.context
  if (services === null) throw nullReference()
  const named: Record<string, Json> = {}
  for (const [index, service] of services.entries()) {
    const alias = aliases[index]
    if (alias === undefined) {
      throw hookError(
        "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')"
      )
    }
    if (service.ports === null) throw nullReference()
    named[alias] = { id: service.id ?? '', ports: service.ports, network: service.network ?? '' }
  }
  return {
    container: {
      ...(container?.id == null ? {} : { id: container.id }),
      ...(container?.network == null ? {} : { network: container.network })
    },
    services: named
  }
}

function parse(text: string): Json {
  const content = text.replace(/^\uFEFF/, '')
  if (content.trim() === '') return null
  try {
    return JSON.parse(content) as Json
  } catch (error) {
    throw new RunnerError('HOOK', `The response file is not valid JSON: ${(error as Error).message}`, { cause: error })
  }
}

function contextOf(value: Json | undefined): HookResponse['context'] {
  const context = objectOrNothing(value, 'context')
  if (context === undefined) return undefined
  const container = objectOrNothing(get(context, 'container'), 'context.container')
  const services = get(context, 'services')
  // The runner's own object starts with an empty list; only a written null takes it away.
  if (services === undefined) return { container: container ? containerOf(container) : null, services: [] }
  if (services === null) return { container: container ? containerOf(container) : null, services: null }
  if (!isArray(services)) throw hookError("The response's 'context.services' is not an array.")
  return {
    container: container ? containerOf(container) : null,
    services: services.map(service => {
      if (!isJsonObject(service)) throw nullReference()
      return containerOf(service)
    })
  }
}

function containerOf(object: JsonObject): ResponseContainer {
  const ports = objectOrNothing(get(object, 'ports'), 'ports')
  return {
    id: textOrNull(get(object, 'id'), 'id'),
    network: textOrNull(get(object, 'network'), 'network'),
    ports:
      ports === undefined
        ? null
        : Object.fromEntries(Object.entries(ports).map(([port, value]) => [port, textOrNull(value, 'ports') ?? '']))
  }
}

function get(object: JsonObject, name: string): Json | undefined {
  const key = Object.keys(object).find(candidate => candidate.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : object[key]
}

function objectOrNothing(value: Json | undefined, name: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw hookError(`The response's '${name}' is not an object.`)
  return value
}

function textOrNull(value: Json | undefined, name: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'object') throw hookError(`The response's '${name}' is not a string.`)
  return String(value)
}

// Newtonsoft takes "true", "False" and numbers for a boolean, and "" for null.
function booleanOrNull(value: Json | undefined): boolean | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (text !== 'true' && text !== 'false') {
    throw hookError(`Could not convert string to boolean: ${JSON.stringify(value)}. Path 'isAlpine'.`)
  }
  return text === 'true'
}

function nullReference(): RunnerError {
  return hookError('Object reference not set to an instance of an object.')
}

function hookError(message: string): RunnerError {
  return new RunnerError('HOOK', message)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
