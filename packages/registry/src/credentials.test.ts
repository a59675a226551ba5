import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { ownerOf, parseDockerConfig } from './credentials.js'
import { RegistryError } from './errors.js'

const CANARY = 'c4nary-pass'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** A keychain whose passwords are the keys that they were written for. */
function keychainOf(...keys: string[]) {
  return parseDockerConfig(
    JSON.stringify({ auths: Object.fromEntries(keys.map(key => [key, { username: 'u', password: key }])) })
  )
}

function only(entry: object) {
  return parseDockerConfig(JSON.stringify({ auths: { 'r.example.com': entry } })).credentialFor('r.example.com')
}

describe('an entry', () => {
  const table: readonly (readonly [string, object, unknown])[] = [
    ['auth', { auth: base64('u:p') }, { username: 'u', password: 'p' }],
    ['auth without padding', { auth: base64('u:pp').replace(/=+$/, '') }, { username: 'u', password: 'pp' }],
    ['auth with a line break at its end', { auth: `${base64('u:p')}\n` }, { username: 'u', password: 'p' }],
    ['a password with colons', { auth: base64('u:p:q:') }, { username: 'u', password: 'p:q:' }],
    ['a password of other letters', { auth: base64('ü:pässwörd✓') }, { username: 'ü', password: 'pässwörd✓' }],
    ['a password that docker padded', { auth: base64('u:p\0\0') }, { username: 'u', password: 'p' }],
    ['user name and password', { username: 'u', password: 'p' }, { username: 'u', password: 'p' }],
    [
      'auth beside user name and password',
      { auth: base64('u:p'), username: 'x', password: 'y' },
      { username: 'u', password: 'p' }
    ],
    [
      'an identity token, as ACR leaves it',
      { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'it' },
      { identityToken: 'it', username: '00000000-0000-0000-0000-000000000000' }
    ],
    ['an identity token alone', { identitytoken: 'it' }, { identityToken: 'it' }],
    ['a registry token', { registrytoken: 'rt\n', identitytoken: 'it' }, { registryToken: 'rt' }],
    ['a robot of Harbor', { auth: base64('robot$ci+build:p') }, { username: 'robot$ci+build', password: 'p' }],
    ['nothing', {}, undefined]
  ]

  test.each(table)('%s', (_, entry, credential) => {
    expect(only(entry)).toEqual(credential)
  })
})

describe('a registry is looked up', () => {
  const table: readonly (readonly [
    keys: readonly string[],
    domain: string,
    repository: string | undefined,
    password: string | undefined
  ])[] = [
    [['r.example.com'], 'r.example.com', undefined, 'r.example.com'],
    [['r.example.com'], 'R.Example.Com', undefined, 'r.example.com'],
    [['R.EXAMPLE.com'], 'r.example.com', undefined, 'R.EXAMPLE.com'],
    // Neither a part nor a suffix of a name, nor another port.
    [['example.com'], 'r.example.com', undefined, undefined],
    [['r.example.com'], 'example.com', undefined, undefined],
    [['r.example.com'], 'r.example.com.evil.org', undefined, undefined],
    [['r.example.com'], 'xr.example.com', undefined, undefined],
    [['r.example.com'], 'r.example.com:5000', undefined, undefined],
    [['r.example.com:5000'], 'r.example.com', undefined, undefined],
    [['r.example.com:5000'], 'r.example.com:5000', undefined, 'r.example.com:5000'],
    // The kubelet's globs hold for nothing.
    [['*.example.com'], 'r.example.com', undefined, undefined],
    // Schemes and the paths of the API.
    [['https://r.example.com'], 'r.example.com', undefined, 'https://r.example.com'],
    [['HTTP://r.example.com/'], 'r.example.com', undefined, 'HTTP://r.example.com/'],
    [['r.example.com/v1/'], 'r.example.com', undefined, 'r.example.com/v1/'],
    [['https://r.example.com/v2'], 'r.example.com', undefined, 'https://r.example.com/v2'],
    [['https://r.example.com/v2/acme'], 'r.example.com', 'acme/x', 'https://r.example.com/v2/acme'],
    [['https://r.example.com/v2/', 'r.example.com'], 'r.example.com', undefined, 'https://r.example.com/v2/'],
    // Docker Hub.
    ...['docker.io', 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'].flatMap(key =>
      ['docker.io', 'index.docker.io', 'registry-1.docker.io'].map(
        domain => [[key], domain, 'library/alpine', key] as const
      )
    ),
    [['docker.io'], 'mirror.docker.io', undefined, undefined],
    // Paths.
    [['ghcr.io/acme'], 'ghcr.io', 'acme/actions', 'ghcr.io/acme'],
    [['ghcr.io/acme'], 'ghcr.io', 'acme', 'ghcr.io/acme'],
    [['ghcr.io/acme/'], 'ghcr.io', 'acme/a/b', 'ghcr.io/acme/'],
    [['ghcr.io/acme'], 'ghcr.io', 'acme-evil/actions', undefined],
    [['ghcr.io/acme'], 'ghcr.io', 'other/acme', undefined],
    [['ghcr.io/acme'], 'ghcr.io', undefined, undefined],
    [['ghcr.io/acme'], 'other.io', 'acme/actions', undefined],
    [['ghcr.io', 'ghcr.io/acme', 'ghcr.io/acme/a'], 'ghcr.io', 'acme/a/b', 'ghcr.io/acme/a'],
    [['ghcr.io/acme/a', 'ghcr.io/acme', 'ghcr.io'], 'ghcr.io', 'acme/b', 'ghcr.io/acme'],
    [['ghcr.io/acme', 'ghcr.io'], 'ghcr.io', 'else/b', 'ghcr.io'],
    [['https://index.docker.io/v1/', 'docker.io/acme'], 'docker.io', 'acme/x', 'docker.io/acme']
  ]

  test.each(table)('%j for %s %s', (keys, domain, repository, password) => {
    const credential = keychainOf(...keys).credentialFor(domain, repository)
    expect(credential).toEqual(password === undefined ? undefined : { username: 'u', password })
  })

  test('it tells for which it has credentials', () => {
    expect(keychainOf('https://Ghcr.io/acme/', 'https://index.docker.io/v1/').registries).toEqual([
      'ghcr.io/acme',
      'docker.io'
    ])
  })
})

describe('a text that cannot be used names the key and never the value', () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', `{"auths": ${CANARY}`, /is not JSON/],
    ['JSON in base64', base64(`{"auths":{"${CANARY}":{}}}`), /is not JSON/],
    ['a list', `["${CANARY}"]`, /not a JSON object/],
    ['auths that are a list', `{"auths":["${CANARY}"]}`, /"auths" is not an object/],
    ['an entry that is a text', `{"auths":{"r.io":"${CANARY}"}}`, /"r\.io" is not an object/],
    ['an auth that is a number', `{"auths":{"r.io":{"auth":1}}}`, /"r\.io" has a "auth" that is not a string/],
    ['an auth that is no base64', `{"auths":{"r.io":{"auth":"${CANARY}:!"}}}`, /"r\.io".*base64 of user:password/],
    ['an auth without a colon', JSON.stringify({ auths: { 'r.io': { auth: base64(CANARY) } } }), /"r\.io".*base64 of/],
    [
      'an auth that is no text',
      JSON.stringify({ auths: { 'r.io': { auth: Buffer.from([0x75, 0x3a, 0xff, 0xfe]).toString('base64') } } }),
      /"r\.io".*base64 of/
    ],
    ['no user name', JSON.stringify({ auths: { 'r.io': { auth: base64(`:${CANARY}`) } } }), /"r\.io" has no user name/],
    ['no password', `{"auths":{"r.io":{"username":"u"}}}`, /"r\.io" has no password/],
    ['a user with a colon', `{"auths":{"r.io":{"username":"a:b","password":"${CANARY}"}}}`, /"r\.io".*colon/],
    ['a token of two lines', `{"auths":{"r.io":{"registrytoken":"${CANARY}\\nx"}}}`, /"r\.io" has a token with/],
    ['a password within a key', `{"auths":{"https://u:${CANARY}@r.io":{"auth":"-"}}}`, /"…@r\.io"/],
    ['a credential store', '{"auths":{"r.io":{}},"credsStore":"desktop"}', /only "credsStore"/],
    ['credential helpers', '{"credHelpers":{"r.io":"ecr-login"}}', /only "credHelpers"/],
    ['the old form', `{"r.io":{"auth":"${base64(`u:${CANARY}`)}"}}`, /has no "auths"/]
  ]

  test.each(table)('%s', (_, text, why) => {
    let thrown: unknown
    try {
      parseDockerConfig(text)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(RegistryError)
    expect(thrown).toMatchObject({ code: 'BAD_CREDENTIALS', message: expect.stringMatching(why) })
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain(CANARY)
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain(base64(`u:${CANARY}`))
  })

  test('helpers beside entries are passed over', () => {
    const text = `{"auths":{"r.io":{"auth":"${base64('u:p')}"}},"credHelpers":{"x.io":"ecr-login"}}`
    expect(parseDockerConfig(text).credentialFor('r.io')).toEqual({ username: 'u', password: 'p' })
  })

  test('a Secret without entries has no credentials', () => {
    expect(parseDockerConfig('{"auths":{}}').credentialFor('r.io')).toBeUndefined()
  })
})

describe('secrets', () => {
  test('are passwords, tokens and the base64 forms, each once', () => {
    const keychain = parseDockerConfig(
      JSON.stringify({
        auths: {
          'a.io': { username: 'u', password: 'pass-a' },
          'b.io': { auth: base64('u:pass-b').replace(/=+$/, '') },
          'c.io': { auth: base64('u:'), identitytoken: 'token-c' },
          'd.io': { registrytoken: 'token-d', auth: base64('u:pass-d') },
          'e.io': { username: 'u', password: 'pass-a' }
        }
      })
    )
    const { secrets } = keychain
    for (const secret of ['pass-a', base64('u:pass-a'), 'pass-b', base64('u:pass-b'), 'token-c', 'token-d', 'pass-d']) {
      expect(secrets).toContain(secret)
    }
    expect(secrets).toContain(base64('u:pass-b').replace(/=+$/, ''))
    expect(new Set(secrets).size).toBe(secrets.length)
    expect(secrets).not.toContain('')
  })

  test('are not shown by a keychain that somebody logs', () => {
    const keychain = parseDockerConfig(`{"auths":{"r.io":{"username":"u","password":"${CANARY}"}}}`)
    expect(inspect(keychain, { depth: 10, showHidden: true, getters: false })).not.toContain(CANARY)
    expect(JSON.stringify(keychain)).not.toContain(CANARY)
  })
})

describe("docker's own programs find", () => {
  const finds = (key: string, domain: string): boolean => {
    const text = JSON.stringify({ auths: { [key]: { username: 'u', password: 'p' } } })
    return parseDockerConfig(text).servesDocker(domain)
  }

  test.each([
    ['https://index.docker.io/v1/', 'docker.io', true],
    ['docker.io', 'docker.io', false],
    ['index.docker.io', 'docker.io', false],
    ['ghcr.io', 'ghcr.io', true],
    ['https://ghcr.io/v2/', 'ghcr.io', true],
    ['ghcr.io/acme', 'ghcr.io', false]
  ])('by %s for %s: %s', (key, domain, expected) => {
    expect(finds(key, domain)).toBe(expected)
  })

  test('the one key of Docker Hub, whichever stands first', () => {
    const entry = { username: 'u', password: 'p' }
    const auths = { 'docker.io': entry, 'https://index.docker.io/v1/': entry }
    expect(parseDockerConfig(JSON.stringify({ auths })).servesDocker('docker.io')).toBe(true)
  })
})

test('a user whose name is the token is not named', () => {
  const auths = { 'r.example': { username: 'dop_v1_canary', password: 'dop_v1_canary' } }
  const credential = parseDockerConfig(JSON.stringify({ auths })).credentialFor('r.example')
  expect(ownerOf(credential)).toBe('the configured user')
})
