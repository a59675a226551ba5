/** Settings that were below `kaniko`, or one word, and what they are called now: there are users of the main branch. */
const RENAMED = new Map<string, readonly [section: string, ...rest: string[]]>([
  ['image', ['engine', 'kaniko', 'image']],
  ['line', ['engine', 'kaniko', 'fork']],
  ['timeoutSeconds', ['build', 'timeout']],
  ['pushTimeoutSeconds', ['build', 'pushTimeout']],
  ['maxBuildsPerJob', ['build', 'maxPerJob']],
  ['pushImage', ['build', 'pushImage']],
  ['registryMirrors', ['build', 'registryMirrors']],
  ['registryMaps', ['build', 'registryMaps']],
  ['insecureRegistries', ['build', 'insecureRegistries']],
  ['certificates', ['build', 'certificates']],
  ['credentials', ['build', 'credentials']],
  ['connectors', ['build', 'connectors']],
  ['buildArgs', ['build', 'args']]
])

type Section = Record<string, unknown>

/** A settings file in today's names. */
export interface Renamed {
  readonly content: unknown
  /** The old names in it, each with the new one: `kaniko.line is now engine.kaniko.fork`. */
  readonly renamed: readonly string[]
  /** A sentence for each old name that cannot be read as the new one. */
  readonly problems: readonly string[]
}

/**
 * Reads the old names of settings as today's. What is no setting of old stays where it is, for the schema to refuse.
 *
 * @param file the settings file as it was parsed
 */
export function withNewNames(file: unknown): Renamed {
  if (!isSection(file)) return { content: file, renamed: [], problems: [] }
  const content: Section = structuredClone(file)
  const renamed: string[] = []
  if (typeof content['workspace'] === 'string') {
    renamed.push('workspace is now workspace.mode')
    content['workspace'] = { mode: content['workspace'] }
  }
  const { kaniko } = content
  if (!isSection(kaniko)) return { content, renamed, problems: [] }
  delete content['kaniko']
  const problems: string[] = []
  const unknown: [string, unknown][] = []
  for (const [key, value] of Object.entries(kaniko)) {
    const path = RENAMED.get(key)
    if (path === undefined) {
      unknown.push([key, value])
      continue
    }
    renamed.push(`kaniko.${key} is now ${path.join('.')}`)
    const problem = put(content, path, key.endsWith('Seconds') ? duration(value) : value)
    if (problem !== undefined) problems.push(`kaniko.${key}: is the old name of ${path.join('.')}, ${problem}`)
  }
  if (unknown.length > 0) content['kaniko'] = Object.fromEntries(unknown)
  return { content, renamed, problems }
}

/** Sets a value below sections that are made where there are none; says why where that cannot be. */
function put(content: Section, path: readonly string[], value: unknown): string | undefined {
  const [last = '', ...above] = [...path].reverse()
  let section = content
  for (const name of above.reverse()) {
    const found = section[name] ?? {}
    if (!isSection(found)) return `and ${name} is no section in this file`
    section = section[name] = { ...found }
  }
  if (last in section) return 'which stands there too; leave the old one out'
  section[last] = value
  return undefined
}

/** Seconds as a duration, in the largest unit that is exact: durations have few digits. */
function duration(seconds: unknown): unknown {
  if (typeof seconds !== 'number') return seconds
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
