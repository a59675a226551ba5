import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseLocalDockerConfig, RegistryError, type LocalDockerConfig } from '@kaniko-hooks/registry'
import { readConfigFile } from './config-file.js'
import { parseRegistryAuth } from './registry-auth.js'

/** Where credentials are looked for: what it is called in messages, and what it holds. */
export interface CredentialSource {
  readonly name: string
  /** Read when it is first needed. */
  readonly config: () => Promise<LocalDockerConfig>
}

/** What the caller was told of credentials besides its environment. */
export interface CredentialWishes {
  /** Inputs `registry`, `username` and `password` of the action. */
  readonly inline?: { readonly registry: string; readonly username: string; readonly password: string }
  /** A text: the input `registry-auth` of the action. */
  readonly registryAuth?: string
  /** A file: the flag `--registry-auth` of the command. */
  readonly registryAuthFile?: string
  /** Whether `GITHUB_TOKEN` may be shown to ghcr.io. Never implied. */
  readonly usesGithubToken?: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * All places of credentials, the first of which that has one for a registry counts: what the caller wrote, `--registry-auth`,
 * where `kbuild login` keeps, DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, DOCKER_CONFIG or `~/.docker`, GitLab's variables, and
 * for ghcr.io GITHUB_TOKEN if that was asked for. A file that was named must be there.
 */
export function credentialSources(env: Environment, wishes: CredentialWishes = {}): readonly CredentialSource[] {
  const { inline, registryAuth, registryAuthFile, usesGithubToken = false } = wishes
  const text = (name: string, value: string | undefined, read = parseLocalDockerConfig): CredentialSource[] =>
    value === undefined || value.trim() === '' ? [] : [{ name, config: () => named(name, () => read(value)) }]
  const file = (
    name: string,
    path: string | undefined,
    { isOptional = false, read = parseLocalDockerConfig }: FileOptions = {}
  ): CredentialSource[] => {
    if (path === undefined || path === '') return []
    const config = async (): Promise<LocalDockerConfig> => {
      const content = (await readConfigFile(path, name, isOptional)) ?? '{}'
      return named(name, () => read(content))
    }
    return [{ name, config }]
  }
  const user = (name: string, registry = '', username = '', password = ''): CredentialSource[] =>
    registry === '' || username === '' || password === ''
      ? []
      : text(name, JSON.stringify([{ registry, username, password }]), parseRegistryAuth)
  const { CI_REGISTRY, CI_REGISTRY_USER, CI_REGISTRY_PASSWORD, GITHUB_ACTOR, GITHUB_TOKEN } = env
  return [
    ...(inline === undefined ? [] : user('the inputs username and password', ...inlineUser(inline))),
    ...text('registry-auth', registryAuth, parseRegistryAuth),
    ...file('--registry-auth', registryAuthFile, { read: parseRegistryAuth }),
    ...file('kbuild login', loginFile(env), { isOptional: true }),
    ...text('DOCKER_AUTH_CONFIG', env['DOCKER_AUTH_CONFIG']),
    ...file('REGISTRY_AUTH_FILE', env['REGISTRY_AUTH_FILE']),
    ...dockerFile(env).flatMap(({ name, path }) => file(name, path, { isOptional: true })),
    ...user('CI_REGISTRY_USER and CI_REGISTRY_PASSWORD', CI_REGISTRY, CI_REGISTRY_USER, CI_REGISTRY_PASSWORD),
    ...(usesGithubToken ? user('GITHUB_TOKEN', 'ghcr.io', GITHUB_ACTOR ?? 'token', GITHUB_TOKEN) : [])
  ]
}

interface ConfigPlace {
  readonly name: string
  readonly path: string
}

interface FileOptions {
  readonly isOptional?: boolean
  readonly read?: (text: string) => LocalDockerConfig
}

/** Where `login` keeps credentials: `kbuild/auth.json` in the user's configuration directory. */
export function loginFile(env: Environment): string {
  const { XDG_CONFIG_HOME = '', HOME = homedir() } = env
  return join(XDG_CONFIG_HOME === '' ? join(HOME, '.config') : XDG_CONFIG_HOME, 'kbuild', 'auth.json')
}

/** Where docker and its like keep credentials, and look for them: `config.json` in DOCKER_CONFIG or `~/.docker`. */
export function dockerConfigFile(env: Environment): string {
  return dockerFile(env)[0].path
}

function inlineUser(inline: NonNullable<CredentialWishes['inline']>): [string, string, string] {
  return [inline.registry === '' ? 'docker.io' : inline.registry, inline.username, inline.password]
}

/** DOCKER_CONFIG stands in for `~/.docker`. Where both are named it is one place, as for docker. */
function dockerFile(env: Environment): readonly [ConfigPlace, ...ConfigPlace[]] {
  const { DOCKER_CONFIG = '', HOME = homedir() } = env
  const home = { name: '~/.docker/config.json', path: join(HOME, '.docker', 'config.json') }
  return DOCKER_CONFIG === '' ? [home] : [{ name: 'DOCKER_CONFIG', path: join(DOCKER_CONFIG, 'config.json') }, home]
}

/** The error says of which place it speaks. */
async function named(name: string, read: () => LocalDockerConfig): Promise<LocalDockerConfig> {
  try {
    return await Promise.resolve(read())
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new RegistryError(error.code, `${name}: ${error.message}`)
  }
}
