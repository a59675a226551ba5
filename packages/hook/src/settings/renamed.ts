/** The settings of 0.0, and what they are called now: there are users of the main branch. */
const RENAMED: Readonly<Record<string, readonly [section: string, ...rest: string[]]>> = {
  image: ['engine', 'kaniko', 'image'],
  line: ['engine', 'kaniko', 'fork'],
  timeoutSeconds: ['build', 'timeout'],
  pushTimeoutSeconds: ['build', 'pushTimeout'],
  maxBuildsPerJob: ['build', 'maxPerJob'],
  pushImage: ['build', 'pushImage'],
  registryMirrors: ['build', 'registryMirrors'],
  registryMaps: ['build', 'registryMaps'],
  insecureRegistries: ['build', 'insecureRegistries'],
  certificates: ['build', 'certificates'],
  credentials: ['build', 'credentials'],
  connectors: ['build', 'connectors'],
  buildArgs: ['build', 'args']
}

type Section = Record<string, unknown>

/** A settings file in today's names. */
export interface Renamed {
  readonly content: unknown
  /** A sentence for each old name in it. */
  readonly warnings: readonly string[]
  /** A sentence for each setting that stands in it under both names. */
  readonly problems: readonly string[]
}

/**
 * Reads the old names of settings as today's. What is no setting of old stays where it is, for the schema to refuse.
 *
 * @param file the settings file as it was parsed
 */
export function withNewNames(file: unknown): Renamed {
  if (!isSection(file) || !isSection(file['kaniko'])) return { content: file, warnings: [], problems: [] }
  const { kaniko, ...others } = file
  const content: Section = structuredClone(others)
  const warnings: string[] = []
  const problems: string[] = []
  const unknown: Section = {}
  for (const [key, value] of Object.entries(kaniko)) {
    const path = RENAMED[key]
    if (path === undefined) {
      unknown[key] = value
      continue
    }
    const [last = '', ...sections] = [...path].reverse()
    const place = sections.reverse().reduce((section, name) => below(section, name), content)
    const name = path.join('.')
    if (last in place)
      problems.push(`kaniko.${key}: is the old name of ${name}, which stands there too; leave the old one out`)
    place[last] = key.endsWith('Seconds') && typeof value === 'number' ? `${value}s` : value
    warnings.push(`The setting kaniko.${key} is now called ${name}.`)
  }
  if (Object.keys(unknown).length > 0) content['kaniko'] = unknown
  return { content, warnings, problems }
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The section of this name; made where there is none. What stands there and is no section stays, for the schema to refuse. */
function below(section: Section, name: string): Section {
  const found = section[name] ?? {}
  if (!isSection(found)) return {}
  section[name] = found
  return found
}
