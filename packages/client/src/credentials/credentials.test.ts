import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { parseDockerConfig, parseReference } from '@kaniko-hooks/registry'
import { findCredentials, type Credentials } from './find.js'
import { login, logout } from './login.js'
import { credentialSources, loginFile, type CredentialWishes } from './sources.js'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'credentials-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const APP = 'r.example:5000/acme/app'

/** A `config.json` that lets one user into the registry. */
function configFor(user: string, registry = 'r.example:5000'): string {
  return JSON.stringify({ auths: { [registry]: { auth: Buffer.from(`${user}:pw-${user}`).toString('base64') } } })
}

function authsOf(text: string): object {
  return (JSON.parse(text) as { readonly auths: object }).auths
}

function put(path: string, content: string): string {
  const full = join(home, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, content)
  return full
}

function helper(name: string, body: string): void {
  const path = put(`bin/docker-credential-${name}`, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

async function find(
  references: readonly string[],
  env: Readonly<Record<string, string>> = {},
  wishes: CredentialWishes = {}
): Promise<Credentials> {
  const own = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`, ...env }
  return findCredentials(references.map(parseReference), credentialSources(own, wishes), own)
}

const userOf = (found: Credentials, reference = APP): unknown => {
  const credential = found.for(parseReference(reference))?.credential
  return credential !== undefined && 'username' in credential ? credential.username : credential
}

describe('the first place that has a credential counts', () => {
  const gitlab = { CI_REGISTRY: 'r.example:5000', CI_REGISTRY_USER: 'gitlab', CI_REGISTRY_PASSWORD: 'p' }
  /** From the last one on, so that each takes the place of those before it. */
  const places: readonly [name: string, add: (env: Record<string, string>) => CredentialWishes][] = [
    ['gitlab', env => (Object.assign(env, gitlab), {})],
    ['home', () => (put('.docker/config.json', configFor('home')), {})],
    ['docker', env => (put('d/config.json', configFor('docker')), (env['DOCKER_CONFIG'] = join(home, 'd')), {})],
    ['podman', env => ((env['REGISTRY_AUTH_FILE'] = put('auth.json', configFor('podman'))), {})],
    ['variable', env => ((env['DOCKER_AUTH_CONFIG'] = configFor('variable')), {})],
    ['login', () => (put('.config/kbuild/auth.json', configFor('login')), {})],
    ['file', () => ({ registryAuthFile: put('f.yml', '- {registry: "r.example:5000", username: file, password: p}') })],
    ['list', () => ({ registryAuth: '- registry: r.example:5000\n  username: list\n  password: 007\n' })],
    ['inline', () => ({ inline: { registry: 'r.example:5000', username: 'inline', password: 'p' } })]
  ]

  test('in the order that the pages say', async () => {
    const env: Record<string, string> = {}
    let wishes: CredentialWishes = {}
    expect(userOf(await find([APP], env))).toBeUndefined()
    for (const [name, add] of places) {
      wishes = { ...wishes, ...add(env) }
      expect(userOf(await find([APP], env, wishes))).toBe(name)
    }
  })

  test('for each registry by itself', async () => {
    put('.docker/config.json', configFor('home', 'other.example'))
    const found = await find([APP, 'other.example/a'], { DOCKER_AUTH_CONFIG: configFor('variable') })
    expect([userOf(found), userOf(found, 'other.example/a')]).toEqual(['variable', 'home'])
  })

  test("GitHub's token goes to ghcr.io alone, and only if asked", async () => {
    const env = { GITHUB_TOKEN: 'canary', GITHUB_ACTOR: 'octo' }
    expect(userOf(await find(['ghcr.io/a/b'], env), 'ghcr.io/a/b')).toBeUndefined()
    const asked = await find(['ghcr.io/a/b', APP], env, { usesGithubToken: true })
    expect([userOf(asked, 'ghcr.io/a/b'), userOf(asked)]).toEqual(['octo', undefined])
  })
})

test('what a build gets holds what it needs and nothing else', async () => {
  const auths = { ...authsOf(configFor('a')), ...authsOf(configFor('canary', 'secret.example')) }
  const hub = { 'https://index.docker.io/v1/': { identitytoken: 'it' } }
  put(
    '.docker/config.json',
    JSON.stringify({ auths: { ...auths, ...hub }, credHelpers: {}, HttpHeaders: { X: 'canary' } })
  )
  const references = [APP, 'busybox', 'open.example/x'].map(parseReference)
  const found = await find([APP, 'busybox', 'open.example/x'])
  const text = found.configFor(references) ?? ''
  expect(text).not.toContain('canary')
  expect(parseDockerConfig(text).registries).toEqual(['r.example:5000', 'docker.io'])
  expect(parseDockerConfig(text).servesDocker('docker.io')).toBe(true)
  expect(found.configFor([parseReference('open.example/x')])).toBeUndefined()
  expect(found.secrets).toEqual(expect.arrayContaining(['pw-a', Buffer.from('a:pw-a').toString('base64'), 'it']))
  expect(JSON.stringify(found)).not.toContain('pw-a')
})

test.each(['"text"', '[1]', 'null', '{"auths":[]}', '{"auths":"x"}'])(
  'login leaves a file alone that is none of its kind: %s',
  async text => {
    const path = put('auth.json', text)
    await expect(login(path, 'r.example', 'u', 'p')).rejects.toMatchObject({
      code: 'BAD_CREDENTIALS',
      message: expect.stringContaining(path)
    })
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
)

describe('a credential helper', () => {
  const withHelper = (config: object): string => put('.docker/config.json', JSON.stringify(config))

  test('is asked by its protocol, once for a registry', async () => {
    withHelper({ credHelpers: { 'r.example:5000': 'cloud' }, credsStore: 'all' })
    helper('cloud', `echo "$* $(cat)" >>${home}/asked; echo '{"ServerURL":"x","Username":"robot","Secret":"s"}'`)
    const found = await find([APP, `${APP}/other`])
    expect(found.for(parseReference(APP))).toEqual({
      credential: { username: 'robot', password: 's' },
      origin: '~/.docker/config.json'
    })
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('get r.example:5000\n')
  })

  test('knows Docker Hub by its address, and may have a token', async () => {
    withHelper({ credsStore: 'all' })
    helper('all', `[ "$(cat)" = https://index.docker.io/v1/ ] && echo '{"Username":"<token>","Secret":"it"}'`)
    const found = await find(['busybox'])
    expect(found.for(parseReference('busybox'))?.credential).toEqual({ identityToken: 'it' })
  })

  test('that has nothing leaves the file to be read', async () => {
    withHelper({ credsStore: 'all', ...(JSON.parse(configFor('file')) as object) })
    helper('all', 'cat >/dev/null; echo credentials not found in native keychain; exit 1')
    const found = await find([APP])
    expect(userOf(found)).toBe('file')
    expect(found.warnings).toEqual([])
  })

  test.each([
    ['is missing', undefined, /docker-credential-all is not in the PATH/],
    ['fails', 'echo canary; echo no cloud >&2; exit 3', /ended with exit code 3: no cloud$/],
    ['says no JSON', 'echo canary', /something else than JSON/],
    ['writes without end', 'yes canary', /wrote more than/],
    ['gives no user', `echo '{"Username":"","Secret":"canary"}'`, /no usable user name/]
  ])('that %s is a warning without what it printed, and the next place is asked', async (_, body, warning) => {
    withHelper({ credsStore: 'all' })
    if (body !== undefined) helper('all', body)
    const env = { CI_REGISTRY: 'r.example:5000', CI_REGISTRY_USER: 'gitlab', CI_REGISTRY_PASSWORD: 'p' }
    const found = await find([APP], env)
    expect(found.warnings).toEqual([expect.stringMatching(warning)])
    expect(found.warnings.join()).not.toContain('canary')
    expect(userOf(found)).toBe('gitlab')
  })

  test.each(['../evil', 'a/b', 'a b', '', 5])('is no program elsewhere: %j', async name => {
    withHelper({ credHelpers: { 'r.example:5000': name } })
    await expect(find([APP])).rejects.toThrow(/config.json: .* which is no name of one/)
  })
})

describe('a place that cannot be read is told', () => {
  test('a file that was named and is not there', async () => {
    await expect(find([APP], {}, { registryAuthFile: join(home, 'none') })).rejects.toThrow(/--registry-auth: .*ENOENT/)
    await expect(find([APP], { REGISTRY_AUTH_FILE: join(home, 'none') })).rejects.toThrow(/REGISTRY_AUTH_FILE: /)
  })

  test.each([
    ['no YAML', ': canary: [', /it is not YAML/],
    ['an unknown field', '- {username: a, pasword: canary}', /its entry 1 has an unknown field "pasword"/],
    ['no password', '- {username: canary}', /its entry 1 has no password/],
    ['no map', '- canary', /its entry 1 is no map/]
  ])('a list with %s, without its values', async (_, registryAuth, message) => {
    const failing = find([APP], {}, { registryAuth })
    await expect(failing).rejects.toThrow(message)
    await expect(failing).rejects.not.toThrow(/canary/)
  })
})

describe('a login', () => {
  const path = (): string => loginFile({ HOME: home })

  test('is kept for its owner alone, and found again', async () => {
    await login(path(), 'https://r.example:5000/v2/', 'a', 'b:c')
    await login(path(), 'docker.io', 'hub', 'p')
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(path())).mode & 0o777).toBe(0o700)
    const found = await find([APP, 'busybox'])
    expect(found.for(parseReference(APP))).toMatchObject({ credential: { password: 'b:c' }, origin: 'kbuild login' })
    expect(userOf(found, 'busybox')).toBe('hub')
  })

  test('is forgotten one by one, or all at once', async () => {
    for (const registry of ['a.example', 'b.example', 'c.example']) await login(path(), registry, 'u', 'p')
    expect(await logout(path(), 'b.example')).toBe(true)
    expect(await logout(path(), 'b.example')).toBe(false)
    expect(Object.keys(authsOf(readFileSync(path(), 'utf8')))).toEqual(['a.example', 'c.example'])
    expect(await logout(path())).toBe(true)
    expect(await logout(path())).toBe(false)
  })

  test('does not write through a link, and narrows what was open to others', async () => {
    const elsewhere = put('elsewhere', configFor('x'))
    mkdirSync(dirname(path()), { recursive: true })
    symlinkSync(elsewhere, path())
    await login(path(), 'a.example', 'u', 'p')
    expect(readFileSync(elsewhere, 'utf8')).toBe(configFor('x'))
    chmodSync(path(), 0o644)
    await login(path(), 'b.example', 'u', 'p')
    expect(statSync(path()).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['', 'p', 'r.example'],
    ['a:b', 'p', 'r.example'],
    ['u', '', 'r.example'],
    ['u', 'p', 'r.example/path'],
    ['u', 'p', '']
  ])('of user %j with password %j at %j is refused', async (user, password, registry) => {
    await expect(login(path(), registry, user, password)).rejects.toMatchObject({ code: 'BAD_CREDENTIALS' })
    expect(existsSync(path())).toBe(false)
  })

  test('that was never made is not logged out of', async () => {
    expect(await logout(path())).toBe(false)
    expect(existsSync(path())).toBe(false)
  })
})

test('a registry is one, however its name is written', async () => {
  const path = join(home, 'auth.json')
  await login(path, 'https://GHCR.io/v2/', 'u', 'p')
  expect(Object.keys(authsOf(readFileSync(path, 'utf8')))).toEqual(['ghcr.io'])
  expect(await logout(path, 'Ghcr.IO')).toBe(true)
  await login(path, '[::1]:5000', 'u', 'p')
  for (const wrong of [':5000', '-x', 'a@b', '__proto__', 'a b', 'a/b', 'a:b', '']) {
    await expect(login(path, wrong, 'u', 'p')).rejects.toMatchObject({ code: 'BAD_CREDENTIALS' })
  }
})
