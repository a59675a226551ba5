import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

/** The log of the runner's worker; one for each job, and a further one when it has grown long. */
const NAME = /^Worker_.*\.log$/
/** A further log may have begun since the worker got its job. */
const NEWEST = 3
/** The job's message is the first that a worker writes down. It has the event in it, which may be large. */
const LIMIT_BYTES = 16 * 1024 * 1024
const PIECE_BYTES = 256 * 1024

/** A name in JSON: within a string, its quotes would have a backslash before them. */
const SERVICES = /"jobServiceContainers"\s*:\s*/
const BORDER = 256

/**
 * The keys of the job's services in its workflow, which a hook is not told. The runner's worker writes the job that it got
 * into its log, and the services in their order; nobody has promised that. A log of another job, or one that cannot be read or
 * understood, gives nothing.
 *
 * @param directory the runner's `_diag`
 * @param images of the services as the runner sends them; a log that names others is not this job's
 * @returns for each image its service's key, undefined where it stands in an expression
 * @see https://github.com/actions/runner/blob/main/src/Runner.Worker/Worker.cs
 */
export function serviceKeys(directory: string, images: readonly string[]): readonly (string | undefined)[] {
  try {
    const logs = readdirSync(directory).filter(name => NAME.test(name))
    for (const name of logs.sort().reverse().slice(0, NEWEST)) {
      const services = servicesIn(join(directory, name))
      if (services === undefined) continue
      const entries = entriesOf(services)
      // A service whose image is an expression with an empty value is none.
      const sure = entries.filter(({ image }) => image !== undefined)
      return [entries, sure].find(some => fits(some, images))?.map(({ key }) => key) ?? []
    }
  } catch {
    // The names of the images remain.
  }
  return []
}

function fits(entries: readonly Entry[], images: readonly string[]): boolean {
  return (
    entries.length === images.length &&
    entries.every(({ image }, index) => image === undefined || image === images[index])
  )
}

/** What a log has for `jobServiceContainers`, or undefined when it has none. */
function servicesIn(path: string): unknown {
  // A job without a container runs beside the logs: none of its pipes and links is waited for or followed.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) return undefined
    const piece = Buffer.alloc(PIECE_BYTES)
    const decoder = new StringDecoder()
    let text = ''
    let isFound = false
    for (let read = 0; read < LIMIT_BYTES;) {
      const count = readSync(file, piece, 0, piece.length, null)
      if (count === 0) break
      read += count
      text += decoder.write(piece.subarray(0, count))
      if (!isFound) {
        const match = SERVICES.exec(text)
        isFound = match !== null
        // The name may lie on the border of two pieces.
        text = match === null ? text.slice(-BORDER) : text.slice(match.index + match[0].length)
      }
      const value = isFound ? firstValue(text) : undefined
      if (value !== undefined) return JSON.parse(value)
    }
    return undefined
  } finally {
    closeSync(file)
  }
}

/** The JSON value with which a text begins, or undefined when the text ends within the value. */
function firstValue(text: string): string | undefined {
  let depth = 0
  for (const { index, 0: part } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]|[,\n]/gs)) {
    if (part === '{' || part === '[') depth += 1
    else if (part === '}' || part === ']') depth -= 1
    if (depth > 0) continue
    if (part === ',' || part === '\n') return text.slice(0, index)
    return text.slice(0, index + part.length)
  }
  return undefined
}

interface Entry {
  readonly key: string | undefined
  readonly image: string | undefined
}

/** The services of a mapping as the runner's template tokens are written: a scalar is itself, or an object that tells its place. */
function entriesOf(token: unknown): Entry[] {
  return pairsOf(token).map(({ key, value }) => {
    const image = textOf(value) ?? textOf(pairsOf(value).find(field => textOf(field.key) === 'image')?.value)
    return { key: textOf(key), image: image?.replace(/^docker:\/\//, '') }
  })
}

function pairsOf(token: unknown): { readonly key: unknown; readonly value: unknown }[] {
  const { map } = fieldsOf(token)
  if (!Array.isArray(map)) return []
  return map.map(pair => {
    const fields = fieldsOf(pair)
    return { key: fields['key'] ?? fields['Key'], value: fields['value'] ?? fields['Value'] }
  })
}

/** The text of a scalar; undefined for an expression, whose value no log tells. */
function textOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  const { lit } = fieldsOf(token)
  return typeof lit === 'string' ? lit : undefined
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
