import { load, FAILSAFE_SCHEMA } from 'js-yaml'
import { parseLocalDockerConfig, RegistryError, type Credential, type LocalDockerConfig } from '@kaniko-hooks/registry'
import { formatDockerConfig } from '@kaniko-hooks/registry'

const FIELDS = ['registry', 'username', 'password']

/**
 * Reads a list of credentials as docker/login-action takes it (`registry-auth`), in YAML: `registry` (default Docker Hub),
 * `username` and `password` of each; or a docker `config.json`.
 *
 * @throws RegistryError `BAD_CREDENTIALS` that says which entry is wrong, and never quotes a value
 */
export function parseRegistryAuth(text: string): LocalDockerConfig {
  let list: unknown
  try {
    // Each value stays the text that it is: a password may look like a number.
    list = load(text, { schema: FAILSAFE_SCHEMA })
  } catch {
    // The parser's own words quote the text that it could not read.
    throw bad('it is not YAML')
  }
  if (!Array.isArray(list)) return parseLocalDockerConfig(text)
  const credentials = new Map(list.map((entry, index) => readEntry(entry, index)))
  return parseLocalDockerConfig(formatDockerConfig(credentials))
}

function readEntry(entry: unknown, index: number): readonly [registry: string, credential: Credential] {
  const wrong = (why: string): RegistryError => bad(`its entry ${index + 1} ${why}`)
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw wrong('is no map')
  const values = entry as Readonly<Record<string, unknown>>
  const unknown = Object.keys(values).find(name => !FIELDS.includes(name))
  if (unknown !== undefined) throw wrong(`has an unknown field ${JSON.stringify(unknown.slice(0, 100))}`)
  const field = (name: string, otherwise?: string): string => {
    const value = values[name] ?? otherwise
    if (typeof value === 'string' && value !== '') return value
    throw wrong(`has no ${name}`)
  }
  return [
    field('registry', 'docker.io').replace(/^https?:\/\/|\/+$/g, ''),
    { username: field('username'), password: field('password') }
  ]
}

function bad(why: string): RegistryError {
  return new RegistryError('BAD_CREDENTIALS', `the list of registry credentials cannot be used: ${why}`)
}
