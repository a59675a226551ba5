import { RegistryError } from './errors.js'

/**
 * What a registry is shown to let us in: a user's password (or access token in its place), an identity token that its
 * token service exchanges (OAuth 2 refresh token), or a token that the registry takes as it is.
 */
export type Credential =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string; readonly username?: string }
  | { readonly registryToken: string }

/** Docker Hub's place in a `config.json` (docker/cli, `IndexServer`). */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/'

/** The credentials of one `config.json`, by the place that they are for. */
export class Keychain {
  /** `host[:port]` or `host[:port]/path`, normalised, to what was written for it. */
  readonly #entries: ReadonlyMap<string, Entry>

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries
  }

  /**
   * Looks up what to show to a registry. The host must be the same, port included: no suffix matches, no part of a
   * name, and no glob (the kubelet knows `*.example.com`; here such a key holds for nothing, since a credential that
   * goes to too many hosts is worse than one that is missing). A key with a path holds for that repository and those
   * below it; the longest such key wins, then the host's own.
   *
   * @param domain `host[:port]` as in an image reference; the names of Docker Hub are one
   * @param repository path in the registry; without it only the host's own key counts
   */
  credentialFor(domain: string, repository = ''): Credential | undefined {
    const host = canonicalHost(domain)
    const parts = repository.split('/').filter(part => part !== '')
    for (let kept = parts.length; kept >= 0; kept--) {
      const entry = this.#entries.get([host, ...parts.slice(0, kept)].join('/'))
      if (entry !== undefined) return entry.credential
    }
    return undefined
  }

  /** What it has credentials for, in the words of an error: `host[:port]` or `host[:port]/path`, normalised. */
  get registries(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /**
   * Whether docker's own programs, and those that read the file as they do (crane, Kaniko), find something for a registry.
   * They know Docker Hub by one key only, and of keys with paths they may take any.
   */
  servesDocker(domain: string): boolean {
    const host = canonicalHost(domain)
    const entry = this.#entries.get(host)
    return entry !== undefined && (host !== 'docker.io' || entry.key === DOCKER_HUB_KEY)
  }

  /**
   * All that must never be printed: passwords, tokens, and the base64 forms of `user:password`. A getter, so that a
   * keychain that somebody logs does not show them.
   */
  get secrets(): readonly string[] {
    return [...new Set([...this.#entries.values()].flatMap(entry => entry.secrets))]
  }
}

interface Entry {
  /** As it was written. */
  readonly key: string
  readonly credential: Credential
  readonly secrets: readonly string[]
}

/**
 * Reads docker's `config.json`, the content of a Secret of the type `kubernetes.io/dockerconfigjson`: `auths` by
 * registry, each entry with `auth` (base64 of `user:password`), or `username` and `password`, or `identitytoken`, or
 * `registrytoken`; the later ones win. Keys may carry a scheme and a trailing `/`, `/v1/` or `/v2/`; of two keys for
 * the same place the first holds. An entry without any of these is passed over.
 *
 * Credential helpers (`credsStore`, `credHelpers`) are programs of the machine where somebody logged in; they are not
 * run. Beside them, `auths` is read.
 *
 * @throws RegistryError `BAD_CREDENTIALS` that names the key and never a value
 */
export function parseDockerConfig(text: string): Keychain {
  const config = parseObject(text)
  const entries = parseAuths(config)
  const helper = ['credsStore', 'credHelpers'].find(name => config[name] !== undefined)
  if (entries.size === 0 && helper !== undefined) {
    throw bad(
      `it holds no credential itself, only "${helper}", a program that is not run here: ` +
        'make the Secret with `kubectl create secret docker-registry`'
    )
  }
  if (config['auths'] === undefined) throw bad('it has no "auths"; the old .dockercfg form is not read')
  return new Keychain(entries)
}

/** A `config.json` of the machine where it is read, on which its helpers can be run. */
export interface LocalDockerConfig {
  /** What stands in the file itself. */
  readonly keychain: Keychain
  /** `docker-credential-<name>` that is asked for a registry, if there is one. */
  readonly helperFor: (domain: string) => string | undefined
}

/**
 * Reads docker's `config.json` where somebody logged in: as `parseDockerConfig`, but neither `auths` nor anything else has to
 * be there, and helpers are named. `credHelpers` counts before `credsStore` (docker/cli, `GetCredentialsStore`).
 *
 * @throws RegistryError `BAD_CREDENTIALS` that names the key and never a value
 */
export function parseLocalDockerConfig(text: string): LocalDockerConfig {
  const config = parseObject(text)
  const { credsStore, credHelpers = {} } = config
  if (!isObject(credHelpers)) throw bad('its "credHelpers" is not an object')
  const byHost = new Map(Object.entries(credHelpers).map(([key, name]) => [canonicalKey(key), helperName(name)]))
  const forAll = credsStore === undefined || credsStore === '' ? undefined : helperName(credsStore)
  return {
    keychain: new Keychain(parseAuths(config)),
    helperFor: domain => byHost.get(canonicalHost(domain)) ?? forAll
  }
}

/** It becomes part of a program's name. */
function helperName(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name
  throw bad(`it names a credential helper ${JSON.stringify(String(name).slice(0, 100))}, which is no name of one`)
}

/**
 * The text of a `config.json` with these credentials and nothing else, as docker's own programs, crane and Kaniko read it.
 *
 * @param credentials by `host[:port]` as in image references; `docker.io` gets the key that docker has for it
 */
export function formatDockerConfig(credentials: ReadonlyMap<string, Credential>): string {
  const auths = Object.fromEntries(
    [...credentials].map(([domain, credential]) => [
      canonicalHost(domain) === 'docker.io' ? DOCKER_HUB_KEY : domain,
      entryOf(credential)
    ])
  )
  return JSON.stringify({ auths })
}

function entryOf(credential: Credential): Readonly<Record<string, string>> {
  if ('registryToken' in credential) return { registrytoken: credential.registryToken }
  if ('password' in credential) return { auth: basicOf(credential) }
  const { identityToken, username } = credential
  return { identitytoken: identityToken, ...(username === undefined ? {} : { username }) }
}

/** What of a credential must never be printed. */
export function secretsOf(credential: Credential): readonly string[] {
  if ('registryToken' in credential) return [credential.registryToken]
  if ('identityToken' in credential) return [credential.identityToken]
  return [credential.password, basicOf(credential)]
}

/** The user-pass of HTTP Basic authentication (RFC 7617): base64 of `user:password`. */
export function basicOf({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
}

/** Whose credential it is, in the words of an error. */
export function ownerOf(credential: Credential | undefined): string {
  if (credential === undefined) return 'an anonymous user'
  if ('registryToken' in credential) return 'the registry token'
  const { username } = credential
  // Some services take a token as the user's name too.
  if (secretsOf(credential).includes(username ?? '')) return 'the configured user'
  if (username === undefined || username === '') return 'the identity token'
  return 'identityToken' in credential ? `the identity token of the user "${username}"` : `the user "${username}"`
}

/** Whether a text can stand in an `Authorization` header as a token. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // The parser's own words quote the text that it could not read; they are neither told nor kept.
    throw bad('it is not JSON')
  }
  if (!isObject(parsed)) throw bad('it is not a JSON object')
  return parsed
}

function parseAuths(config: Record<string, unknown>): Map<string, Entry> {
  const auths = config['auths'] ?? {}
  if (!isObject(auths)) throw bad('its "auths" is not an object')
  const entries = new Map<string, Entry>()
  for (const [key, value] of Object.entries(auths)) {
    const entry = parseEntry(key, value)
    const place = canonicalKey(key)
    if (entry !== undefined && (key === DOCKER_HUB_KEY || !entries.has(place))) entries.set(place, entry)
  }
  return entries
}

function parseEntry(key: string, value: unknown): Entry | undefined {
  const wrong = (why: string): RegistryError => bad(`the entry ${shown(key)} ${why}`)
  if (!isObject(value)) throw wrong('is not an object')
  const field = (name: string): string => {
    const found = value[name] ?? ''
    if (typeof found !== 'string') throw wrong(`has a "${name}" that is not a string`)
    return found
  }

  const auth = field('auth').trim()
  const registryToken = field('registrytoken').trim()
  const identityToken = field('identitytoken').trim()
  const user = auth === '' ? { username: field('username'), password: field('password') } : decodeAuth(auth, wrong)
  const { username, password } = user
  const credential = ((): Credential | undefined => {
    if (registryToken !== '') return { registryToken }
    if (identityToken !== '') return { identityToken, ...(username === '' ? {} : { username }) }
    return username === '' && password === '' ? undefined : { username, password }
  })()
  if (credential === undefined) return undefined

  if ('password' in credential) {
    if (username === '') throw wrong('has no user name')
    if (password === '') throw wrong('has no password')
    if (username.includes(':')) throw wrong('has a user name with a colon, which HTTP Basic cannot carry')
  } else if (![registryToken, identityToken].every(token => token === '' || isToken(token))) {
    throw wrong('has a token with blanks or control characters in it')
  }
  // Whatever stands beside the credential that is used is no less secret.
  const beside = [auth, password, registryToken, identityToken, password === '' ? '' : basicOf(user)]
  return {
    key,
    credential,
    secrets: [...new Set(beside)].filter(secret => secret !== '')
  }
}

function decodeAuth(auth: string, wrong: (why: string) => RegistryError): { username: string; password: string } {
  const refusal = wrong('has an "auth" that is not the base64 of user:password')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(auth)) throw refusal
  let decoded: string
  try {
    decoded = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(auth, 'base64'))
  } catch {
    throw refusal
  }
  const colon = decoded.indexOf(':')
  if (colon === -1) throw refusal
  // Old versions of docker padded the password with zeros.
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') }
}

/** The names under which docker, the kubelet and people write Docker Hub down. */
const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

function canonicalHost(host: string): string {
  const lower = host.toLowerCase()
  return DOCKER_HUB.has(lower) ? 'docker.io' : lower
}

/** `https://Host/v2/` to `host`; the path of `host/path/` stays, since repositories lie below it. */
function canonicalKey(key: string): string {
  const [host = '', ...path] = key.replace(/^https?:\/\//i, '').split('/')
  const parts = path.filter(part => part !== '')
  if (parts[0] === 'v1' || parts[0] === 'v2') parts.shift()
  return [canonicalHost(host), ...parts].join('/')
}

/** A key as an error may name it: one line, and without a password that somebody wrote into an address. */
function shown(key: string): string {
  return JSON.stringify(key.replace(/^.*@/s, '…@').slice(0, 300))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(why: string): RegistryError {
  return new RegistryError('BAD_CREDENTIALS', `the docker config.json cannot be used: ${why}`)
}
