import { RegistryError } from '@kaniko-hooks/registry'
import { readConfigFile, writeConfigFile } from './config-file.js'

/** Docker Hub's place in a `config.json` (docker/cli, `IndexServer`). */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/'

/**
 * Keeps a credential in a file for `credentialSources` to find. Two logins at the same moment may lose one of them; neither
 * leaves a broken file.
 *
 * @param path `loginFile` says where
 * @param registry `host[:port]`, with or without a scheme; `docker.io` for Docker Hub
 * @throws RegistryError `BAD_CREDENTIALS` for an empty or impossible user name or password, and when the file is no
 *   docker configuration
 */
export async function login(path: string, registry: string, username: string, password: string): Promise<void> {
  if (username === '' || username.includes(':')) throw bad('a user name is not empty and has no colon in it')
  if (password === '') throw bad('the password is empty')
  const auth = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  await change(path, auths => ({ ...auths, [keyOf(registry)]: { auth } }))
}

/**
 * Forgets the credential of a registry, or all of them.
 *
 * @returns whether there was one
 */
export async function logout(path: string, registry?: string): Promise<boolean> {
  let had = false
  const text = await readConfigFile(path, 'kbuild login', true)
  if (text === undefined) return false
  await change(path, auths => {
    const names = Object.keys(auths).filter(name => registry === undefined || name === keyOf(registry))
    had = names.length > 0
    return Object.fromEntries(Object.entries(auths).filter(([name]) => !names.includes(name)))
  })
  return had
}

type Auths = Readonly<Record<string, unknown>>

/** What else stands in the file stays. */
async function change(path: string, alter: (auths: Auths) => Auths): Promise<void> {
  const text = (await readConfigFile(path, 'kbuild login', true)) ?? '{}'
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    throw bad(`the file ${path} is not JSON; remove it`)
  }
  const auths = isMap(config) ? (config['auths'] ?? {}) : undefined
  if (!isMap(config) || !isMap(auths)) throw bad(`the file ${path} is no docker configuration; remove it`)
  await writeConfigFile(path, `${JSON.stringify({ ...config, auths: alter(auths) }, undefined, 2)}\n`)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function keyOf(registry: string): string {
  const host = registry
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
  if (!/^(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::\d+)?$/.test(host))
    throw bad(`${JSON.stringify(registry)} is not the host[:port] of a registry`)
  return ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? DOCKER_HUB_KEY : host
}

function bad(why: string): RegistryError {
  return new RegistryError('BAD_CREDENTIALS', `the login cannot be kept: ${why}`)
}
