import { describe, expect, test } from '@jest/globals'

import { readRequest } from './request.js'

const LEAST = { version: 1, context: '/__w/app/app' }

function problemsOf(content: unknown): readonly string[] {
  return readRequest(JSON.stringify(content)).problems ?? []
}

describe('a request', () => {
  test('needs a version and a context, and gets a default for all else', () => {
    expect(readRequest(JSON.stringify(LEAST)).request).toEqual({
      ...LEAST,
      tags: [],
      push: false,
      buildArgs: {},
      labels: {},
      annotations: {},
      noCache: false,
      secrets: [],
      credentials: [],
      baseCredentials: []
    })
  })

  test('may have each field of the protocol', () => {
    const whole = {
      ...LEAST,
      dockerfile: '/__w/app/app/docker/Dockerfile',
      tags: ['ghcr.io/acme/app:1'],
      push: true,
      buildArgs: { VERSION: '1' },
      labels: { 'org.opencontainers.image.title': 'app' },
      annotations: { a: 'b' },
      target: 'final',
      platform: 'linux/arm64/v8',
      noCache: true,
      secrets: [{ id: 'npm', value: 'c2VjcmV0' }],
      credentials: [{ registry: 'ghcr.io', username: 'u', password: 'p' }],
      baseCredentials: [{ registry: 'quay.io', registryToken: 't' }],
      timeoutMs: 60_000
    }
    expect(readRequest(JSON.stringify(whole)).request).toEqual(whole)
  })

  test('with several faults is told all of them at once', () => {
    const problems = problemsOf({
      version: 1,
      push: 'yes',
      dockerfile: 'Dockerfile',
      serviceAccountName: 'admin',
      secrets: [{ id: '../x', value: 'c2U=' }],
      platform: 'linux amd64'
    })
    expect([...problems].sort()).toEqual([
      'context: is required',
      'dockerfile: is no absolute path',
      'platform: is not like linux/amd64',
      'push: is not boolean',
      'secrets.0.id: has other characters than letters, digits, _ . and -',
      'serviceAccountName: is not a known field'
    ])
  })

  test.each(['image', 'pod', 'volumes', 'serviceAccountName', 'namespace', 'engineArgs', 'insecureRegistries'])(
    'cannot say %s',
    field => expect(problemsOf({ ...LEAST, [field]: 'x' })).toEqual([`${field}: is not a known field`])
  )

  test('in which a value is wrong does not hear that value again', () => {
    const said = problemsOf({ ...LEAST, credentials: [{ registry: 'a b', username: '', password: ['hunter2'] }] })
    expect(said).toEqual(['credentials.0: is no registry with username and password, identityToken or registryToken'])
  })

  test('of another version hears which one is spoken', () => {
    expect(problemsOf({ version: 2, context: 1 })).toEqual([
      'the request has version 2 of the protocol, and this hook speaks version 1'
    ])
    expect(problemsOf({})).toEqual(['the request has no version of the protocol, and this hook speaks version 1'])
  })

  test.each([
    ['no JSON', '{', 'the request is no JSON'],
    ['a list', '[]', 'the request is no JSON object'],
    ['nothing', 'null', 'the request is no JSON object'],
    ['too long', `"${'x'.repeat(1024 * 1024)}"`, 'the request is longer than 1048576 bytes']
  ])('that is %s is told so', (_, text, problem) => expect(readRequest(text).problems).toEqual([problem]))

  test('with thousands of faults hears of some', () => {
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`l${index}`, index]))
    expect(problemsOf({ ...LEAST, labels })).toHaveLength(50)
  })

  test('to push has something to push', () => {
    expect(problemsOf({ ...LEAST, push: true })).toEqual(['push: there is no tag to push'])
  })

  test('cannot put an argument into another by a name or a NUL', () => {
    expect(problemsOf({ ...LEAST, buildArgs: { 'A=B': '1' } })).toEqual([
      'buildArgs.A=B: is no name: it has blanks, control characters or ='
    ])
    expect(problemsOf({ ...LEAST, labels: { a: '\0' } })).toEqual(['labels.a: holds the character NUL'])
  })

  test('whose names of fields are long, or lines of their own, does not hear them so', () => {
    const [problem = ''] = problemsOf({ ...LEAST, ['\n::add-mask::\u001B[2J' + 'x'.repeat(1000)]: 1 })
    expect(problem).toMatch(/^\?::add-mask::\?\[2Jx{80,90}: is not a known field$/)
  })
})
