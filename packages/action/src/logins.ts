import { FAILSAFE_SCHEMA, load } from 'js-yaml'

/** Credentials for one registry, as somebody writes them into a workflow. */
export interface Login {
  /** `host[:port]`. */
  readonly registry: string
  readonly username: string
  readonly password: string
}

const FIELDS = new Set(['registry', 'username', 'password'])

const HUB = 'docker.io'

/** A list of registries that a person wrote is shorter; YAML can be small and unfold to much. */
const MAX_LOGINS = 100

/**
 * Logins by docker/login-action's inputs: `registry`, `username` and `password`, or `registry-auth`, a YAML list of these.
 *
 * @param problem told what is wrong; quotes no value, since any of them may be a secret in the wrong place
 */
export function readLogins(
  inputs: {
    readonly registry: string
    readonly username: string
    readonly password: string
    readonly registryAuth: string
  },
  problem: (sentence: string) => void
): Login[] {
  const { registry, username, password, registryAuth } = inputs
  const single = registry !== '' || username !== '' || password !== ''
  if (registryAuth === '') return single ? checked([{ registry, username, password }], problem) : []
  if (single) problem('`registry-auth` is used instead of `registry`, `username` and `password`, not beside them')
  return checked(readYaml(registryAuth, problem), problem)
}

/** What of logins must never be printed: passwords, and what HTTP Basic makes of them. */
export function secretsOf(logins: readonly Login[]): string[] {
  return logins
    .filter(({ password }) => password !== '')
    .flatMap(({ username, password }) => [password, Buffer.from(`${username}:${password}`).toString('base64')])
}

function readYaml(text: string, problem: (sentence: string) => void): Login[] {
  let parsed: unknown
  try {
    parsed = load(text, { schema: FAILSAFE_SCHEMA })
  } catch {
    // The parser's own words quote the text.
    parsed = undefined
  }
  if (!Array.isArray(parsed) || parsed.length > MAX_LOGINS) {
    problem('`registry-auth` is no YAML list: each entry is `- registry: host`, with `username:` and `password:` below')
    return []
  }
  // Names of fields may be a stranger's text, too.
  if (parsed.some(entry => Object.keys(Object(entry) as object).some(key => !FIELDS.has(key)))) {
    problem('`registry-auth` has other fields than registry, username and password')
  }
  return parsed.map((entry: unknown) => {
    const field = (name: string): string => {
      const value: unknown = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)[name] : ''
      return typeof value === 'string' ? value : ''
    }
    return { registry: field('registry'), username: field('username'), password: field('password') }
  })
}

function checked(logins: readonly Login[], problem: (sentence: string) => void): Login[] {
  const seen = new Set<string>()
  return logins.flatMap(login => {
    const registry = login.registry === '' ? HUB : login.registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
    if (!/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/.test(registry)) {
      problem('`registry` is a host, with a port where it needs one, such as ghcr.io or harbor.example.com:8443')
      return []
    }
    if (login.username === '' || login.password === '') {
      const missing = login.username === '' ? 'username' : 'password'
      problem(
        `the login for ${registry} has no \`${missing}\`; a secret that does not exist, or that a run of a fork may not see, is empty`
      )
      return []
    }
    if (login.username.includes(':')) {
      problem(`the \`username\` for ${registry} has a colon in it, which HTTP Basic cannot carry`)
      return []
    }
    if (seen.has(registry)) {
      problem(`\`registry-auth\` has two logins for ${registry}`)
      return []
    }
    seen.add(registry)
    return [{ ...login, registry }]
  })
}
