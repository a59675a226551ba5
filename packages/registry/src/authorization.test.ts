import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from '@jest/globals'
import {
  answerChallenge,
  answerJson,
  answerProblem,
  type FakeRegistry,
  type RegistryHandler,
  selfSigned,
  servers
} from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import type { RegistryOptions } from './requests.js'
import type { Credential } from './credentials.js'
import { failure } from './registry.fixture.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const ROBOT = { username: 'robot$ci', password: 'pässword:1' }
const ROBOT_BASIC = `Basic ${Buffer.from('robot$ci:pässword:1').toString('base64')}`

const serve = servers()

function clientOf(server: FakeRegistry, credential?: Credential, options: RegistryOptions = {}): RegistryClient {
  const plainHttp = server.origin.startsWith('http:')
  return new RegistryClient(server.host, { plainHttp, pauseMs: 1, credential, ...options })
}

function has(response: ServerResponse): void {
  response.writeHead(200, { 'docker-content-digest': DIGEST }).end()
}

/** Lets in who brings one of these headers, and challenges everybody else. */
function guarded(
  accepts: (authorization: string, request: IncomingMessage) => boolean,
  challenge: () => string
): RegistryHandler {
  return (request, response) => {
    const { authorization } = request.headers
    if (authorization === undefined || !accepts(authorization, request)) answerChallenge(response, challenge())
    else if (request.method === 'DELETE') response.writeHead(202).end()
    else has(response)
  }
}

/** What a token service was asked, by name. */
function queryOf(server: FakeRegistry, nth = 0): URLSearchParams {
  return new URL(server.asked[nth]?.split(' ')[1] ?? '', server.origin).searchParams
}

/** A token service that gives `token-<n>` for its nth answer. */
function tokens(): Promise<FakeRegistry> {
  return serve((_, response, nth) => answerJson(response, { token: `token-${nth}`, expires_in: 60 }))
}

describe('Basic', () => {
  test('is shown when asked for, and from then on', async () => {
    const registry = await serve(
      guarded(
        given => given === ROBOT_BASIC,
        () => 'BASIC realm="r"'
      )
    )
    const client = clientOf(registry, ROBOT)
    await client.headManifest('a', 'x')
    await client.deleteManifest('b', 'y')
    expect(registry.asked).toEqual(['HEAD /v2/a/manifests/x', 'HEAD /v2/a/manifests/x', 'DELETE /v2/b/manifests/y'])
    expect(registry.headers.map(headers => headers.authorization)).toEqual([undefined, ROBOT_BASIC, ROBOT_BASIC])
  })

  test('is not shown twice when it is not accepted', async () => {
    const registry = await serve(
      guarded(
        () => false,
        () => 'Basic realm="r"'
      )
    )
    const error = await failure(clientOf(registry, ROBOT).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
    expect(error.message).toContain('the user "robot$ci"')
    expect(error.message).toContain(registry.host)
    expect(registry.asked).toHaveLength(2)
  })

  test('once accepted and then no more, it is not shown again at once', async () => {
    let open = true
    const registry = await serve(
      guarded(
        () => open,
        () => 'Basic realm="r"'
      )
    )
    const client = clientOf(registry, ROBOT)
    await client.headManifest('a', 'x')
    open = false
    expect(await failure(client.headManifest('a', 'x'))).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(registry.asked).toHaveLength(3)
  })

  test.each<[string, Credential | undefined, RegExp]>([
    ['nobody', undefined, /a user name and a password, and none is configured/],
    ['an identity token', { identityToken: 'it' }, /and the identity token is neither/],
    ['a registry token', { registryToken: 'rt' }, /and the registry token is neither/]
  ])('cannot be answered by %s', async (_, credential, why) => {
    const registry = await serve(
      guarded(
        () => false,
        () => 'Basic realm="r"'
      )
    )
    const error = await failure(clientOf(registry, credential).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringMatching(why) })
    expect(registry.asked).toHaveLength(1)
  })
})

describe('Bearer', () => {
  test('a password is exchanged for a token, for what the challenge asks', async () => {
    const service = await tokens()
    const challenge = `Bearer realm="${service.origin}/token?x=1",service="reg,istry",scope="repository:a/b:pull"`
    const registry = await serve(
      guarded(
        given => given === 'Bearer token-1',
        () => challenge
      )
    )
    expect(await clientOf(registry, ROBOT).headManifest('a/b', 'x')).toMatchObject({ digest: DIGEST })
    expect(service.asked).toHaveLength(1)
    expect(service.asked[0]).toMatch(/^GET \/token\?/)
    expect(service.headers[0]?.authorization).toBe(ROBOT_BASIC)
    expect(Object.fromEntries(queryOf(service))).toEqual({
      x: '1',
      service: 'reg,istry',
      scope: 'repository:a/b:pull'
    })
    expect(registry.headers.map(headers => headers.authorization)).toEqual([undefined, 'Bearer token-1'])
  })

  test('without a credential an anonymous token is asked for', async () => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        given => given === 'Bearer token-1',
        () => `Bearer realm="${service.origin}"`
      )
    )
    await clientOf(registry).headManifest('a', 'x')
    expect(service.headers[0]?.authorization).toBeUndefined()
  })

  test('a token may be called access_token, as OAuth 2 has it', async () => {
    const service = await serve((_, response) => answerJson(response, { access_token: 'at', token: '' }))
    const registry = await serve(
      guarded(
        given => given === 'Bearer at',
        () => `Bearer realm="${service.origin}"`
      )
    )
    await clientOf(registry, ROBOT).headManifest('a', 'x')
    expect(registry.asked).toHaveLength(2)
  })

  test('an identity token is exchanged by a form, and stands in no address', async () => {
    const service = await serve((_, response) => answerJson(response, { access_token: 'at' }))
    const challenge = `Bearer realm="${service.origin}/oauth2/token",service="s",scope="repository:a:pull"`
    const registry = await serve(
      guarded(
        given => given === 'Bearer at',
        () => challenge
      )
    )
    await clientOf(registry, { identityToken: 'i+d/=', username: 'u' }).headManifest('a', 'x')
    expect(service.asked).toEqual(['POST /oauth2/token'])
    expect(service.headers[0]).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' })
    expect(service.headers[0]?.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(service.bodies[0]))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'kaniko-hooks',
      refresh_token: 'i+d/=',
      service: 's',
      scope: 'repository:a:pull'
    })
  })

  test('a registry token is shown to the registry and to no token service', async () => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        given => given === 'Bearer rt',
        () => `Bearer realm="${service.origin}"`
      )
    )
    await clientOf(registry, { registryToken: 'rt' }).headManifest('a', 'x')
    expect(service.asked).toEqual([])
    expect(registry.headers[1]?.authorization).toBe('Bearer rt')
  })

  test('a registry token that no header can carry is refused at once, and not quoted', async () => {
    const registry = await serve(() => undefined)
    const credential = { registryToken: 'c4nary\ntoken' }
    expect(() => clientOf(registry, credential)).toThrow(expect.objectContaining({ code: 'BAD_CREDENTIALS' }))
    expect(() => clientOf(registry, credential)).not.toThrow(/c4nary/)
  })

  test('comes before Basic, in whatever order they are offered', async () => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        given => given === 'Bearer token-1',
        () => `Basic realm="r", bearer realm="${service.origin}"`
      )
    )
    await clientOf(registry, ROBOT).headManifest('a', 'x')
    expect(registry.headers.map(headers => headers.authorization)).not.toContain(ROBOT_BASIC)
  })
})

describe('scope', () => {
  test.each([
    ['what the challenge asks is completed', 'scope="repository:a/b:delete"', ['repository:a/b:pull,push,delete']],
    ['a challenge without a scope', 'service="s"', ['repository:a/b:pull,push,delete']],
    [
      'a proxy that names the repository behind it',
      'scope="repository:b:delete"',
      ['repository:a/b:pull,push,delete', 'repository:b:delete']
    ]
  ])('to delete: %s', async (_, parameters, scopes) => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        () => true,
        () => `Bearer realm="${service.origin}",${parameters}`
      )
    )
    await clientOf(registry, ROBOT).deleteManifest('a/b', 'x')
    expect(queryOf(service).getAll('scope')).toEqual(scopes)
  })

  test('the form for an identity token takes them as one list', async () => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        () => true,
        () => `Bearer realm="${service.origin}",scope="repository:b:pull"`
      )
    )
    await clientOf(registry, { identityToken: 'it' }).headManifest('a', 'x')
    expect(new URLSearchParams(service.bodies[0]).getAll('scope')).toEqual(['repository:a:pull repository:b:pull'])
  })

  test('a token is remembered for its scope, and for no other', async () => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        () => true,
        () => `Bearer realm="${service.origin}"`
      )
    )
    const client = clientOf(registry, ROBOT)
    await client.headManifest('a', 'x')
    await client.headManifest('a', 'y')
    await client.deleteManifest('a', 'x')
    await client.deleteManifest('a', DIGEST)
    await client.headManifest('b', 'x')
    expect(service.asked).toHaveLength(3)
    expect(registry.headers.map(headers => headers.authorization ?? '-')).toEqual([
      ...['-', 'Bearer token-1', 'Bearer token-1'],
      ...['-', 'Bearer token-2', 'Bearer token-2'],
      ...['-', 'Bearer token-3']
    ])
  })
})

describe('a token that has expired', () => {
  test('is renewed once, unseen', async () => {
    const service = await tokens()
    let valid = 'token-1'
    const registry = await serve(
      guarded(
        given => given === `Bearer ${valid}`,
        () => `Bearer realm="${service.origin}"`
      )
    )
    const client = clientOf(registry, ROBOT)
    await client.headManifest('a', 'x')
    valid = 'token-2'
    expect(await client.headManifest('a', 'x')).toMatchObject({ digest: DIGEST })
    expect(service.asked).toHaveLength(2)
    expect(registry.headers.slice(2).map(headers => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2'
    ])
  })

  test('is not asked for again when the new one is not accepted either', async () => {
    const service = await tokens()
    let open = true
    const registry = await serve(
      guarded(
        () => open,
        () => `Bearer realm="${service.origin}"`
      )
    )
    const client = clientOf(registry, ROBOT)
    await client.headManifest('a', 'x')
    open = false
    const error = await failure(client.headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
    expect(error.message).toContain('may not do this')
    expect(service.asked).toHaveLength(2)
    expect(registry.asked).toHaveLength(4)
  })
})

describe('a 401 that cannot be answered says why', () => {
  test.each([
    ['no challenge', undefined, /missing or malformed/],
    ['a malformed one', 'Bearer realm="https://a', /missing or malformed/],
    ['others only', 'Negotiate, Digest realm="r", nonce="n"', /offers only negotiate, digest/],
    ['no realm', 'Bearer service="s"', /names no token service/],
    ['a realm that is no address', 'Bearer realm="token"', /address is no URL/],
    ['a realm of another scheme', 'Bearer realm="file:///etc/passwd"', /address is no URL/]
  ])('%s', async (_, challenge, why) => {
    const registry = await serve((_request, response) => {
      response.writeHead(401, challenge === undefined ? {} : { 'www-authenticate': challenge }).end()
    })
    const error = await failure(clientOf(registry, ROBOT).headManifest('a', 'x'))
    expect(error.message).toMatch(why)
    expect(error.message).toContain(registry.host)
    expect(error.status).toBe(401)
    expect(registry.asked).toHaveLength(1)
  })
})

describe('a token service that refuses', () => {
  async function refused(handler: RegistryHandler, credential?: Credential) {
    const service = await serve(handler)
    const registry = await serve(
      guarded(
        () => false,
        () => `Bearer realm="${service.origin}/token"`
      )
    )
    return { error: await failure(clientOf(registry, credential).headManifest('a', 'x')), registry, service }
  }

  test.each([
    [
      401,
      'UNAUTHORIZED',
      'Docker Hub',
      { details: 'incorrect username or password' },
      'incorrect username or password'
    ],
    [403, 'DENIED', 'GHCR', { errors: [{ code: 'DENIED', message: 'denied' }] }, 'DENIED: denied'],
    [401, 'UNAUTHORIZED', 'OAuth 2', { error: 'invalid_grant', error_description: 'gone' }, 'invalid_grant: gone']
  ])('with %i is %s, in the words of %s', async (status, code, _, body, words) => {
    const { error, registry, service } = await refused(
      (_request, response) => response.writeHead(status).end(JSON.stringify(body)),
      ROBOT
    )
    expect(error).toMatchObject({ code, status })
    for (const part of [registry.host, service.host, 'the user "robot$ci"', words])
      expect(error.message).toContain(part)
    expect(service.asked).toHaveLength(1)
  })

  test('an anonymous user is told that there is no credential', async () => {
    const { error } = await refused((_, response) => response.writeHead(401).end())
    expect(error.message).toContain('no credential is configured')
  })

  test.each([404, 405])('a form with %i takes no identity tokens', async status => {
    const { error } = await refused((_, response) => response.writeHead(status).end(), { identityToken: 'it' })
    expect(error.message).toContain('does not take identity tokens')
  })

  test.each([429, 500, 503])('with %i is asked again', async status => {
    const service = await serve((_, response, nth) => {
      if (nth < 3) response.writeHead(status, { 'retry-after': '0' }).end()
      else answerJson(response, { token: 't' })
    })
    const registry = await serve(
      guarded(
        () => true,
        () => `Bearer realm="${service.origin}"`
      )
    )
    expect(await clientOf(registry, ROBOT).headManifest('a', 'x')).toMatchObject({ digest: DIGEST })
    expect(service.asked).toHaveLength(3)
  })

  test('a Retry-After that is too far away is not waited for', async () => {
    const { error, service } = await refused((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end())
    expect(error).toMatchObject({ code: 'RATE_LIMITED', status: 429 })
    expect(error.message).toContain(service.host)
    expect(service.asked).toHaveLength(1)
  })

  test.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['no token', '{"token":"","access_token":1}'],
    ['a token that no header can carry', JSON.stringify({ token: 'a\nb' })],
    ['no end', JSON.stringify({ token: 'x'.repeat(200_000) })]
  ])('an answer of %s is no token', async (_, body) => {
    const { error } = await refused((_request, response) => response.writeHead(200).end(body), ROBOT)
    expect(error).toMatchObject({ code: 'PROTOCOL' })
    expect(error.message).toContain('without a token')
  })

  test('one that is not there is named', async () => {
    const service = await serve(() => undefined)
    await service.stop()
    const registry = await serve(
      guarded(
        () => false,
        () => `Bearer realm="${service.origin}"`
      )
    )
    const error = await failure(clientOf(registry, ROBOT).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNREACHABLE' })
    expect(error.message).toContain(`the token service ${service.host} of the registry ${registry.host}`)
  })
})

describe('whether an image is there is known, or is an error', () => {
  test.each([
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
    [429, 'RATE_LIMITED'],
    [500, 'SERVER'],
    [302, 'PROTOCOL']
  ])('a HEAD with %i is %s', async (status, code) => {
    const registry = await serve((_, response) => response.writeHead(status).end())
    expect(await failure(clientOf(registry, ROBOT).headManifest('a', DIGEST))).toMatchObject({ code, status })
  })

  test('a token service that refuses is not an absent image', async () => {
    const service = await serve((_, response) => response.writeHead(404).end())
    const registry = await serve(
      guarded(
        () => false,
        () => `Bearer realm="${service.origin}"`
      )
    )
    expect(await failure(clientOf(registry, ROBOT).headManifest('a', DIGEST))).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('only a 404 of the registry is', async () => {
    const registry = await serve((_, response) => answerProblem(response, 404, 'MANIFEST_UNKNOWN'))
    expect(await clientOf(registry, ROBOT).headManifest('a', DIGEST)).toBeUndefined()
  })

  test('another image than the one that was asked for is not it', async () => {
    const registry = await serve((_, response) => has(response))
    const other = `sha256:${'b'.repeat(64)}`
    expect(await failure(clientOf(registry, ROBOT).headManifest('a', other))).toMatchObject({ code: 'PROTOCOL' })
  })
})

describe('a push', () => {
  test('is begun and cancelled', async () => {
    const service = await tokens()
    const registry = await serve((request, response) => {
      if (request.headers.authorization !== 'Bearer token-1')
        answerChallenge(response, `Bearer realm="${service.origin}"`)
      else response.writeHead(202, { location: '/v2/a/blobs/uploads/1?_state=s' }).end()
    })
    await clientOf(registry, ROBOT).checkPush('a')
    expect(registry.asked.slice(1)).toEqual(['POST /v2/a/blobs/uploads/', 'DELETE /v2/a/blobs/uploads/1?_state=s'])
    expect(queryOf(service).getAll('scope')).toEqual(['repository:a:pull,push'])
  })

  test('that lies elsewhere is left alone', async () => {
    const other = await serve((_, response) => response.writeHead(204).end())
    const registry = await serve((request, response) => {
      if (request.headers.authorization === undefined) answerChallenge(response, 'Basic realm="r"')
      else response.writeHead(202, { location: `${other.origin}/upload` }).end()
    })
    await clientOf(registry, ROBOT).checkPush('a')
    expect(other.asked).toEqual([])
  })

  test('that cannot be cancelled is no error', async () => {
    const registry = await serve((request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end()
      else response.writeHead(500).end()
    })
    await clientOf(registry).checkPush('a')
  })

  test.each([
    [403, 'DENIED'],
    [404, 'NOT_FOUND'],
    [429, 'RATE_LIMITED']
  ])('that is refused with %i is %s', async (status, code) => {
    const registry = await serve((_, response) => answerProblem(response, status, 'NO', 'not for you'))
    const error = await failure(clientOf(registry, ROBOT).checkPush('a'))
    expect(error).toMatchObject({ code, message: expect.stringContaining('not for you') })
  })
})

describe('TLS', () => {
  const certificate = selfSigned()

  test('one authority serves registry and token service', async () => {
    const service = await serve((_, response) => answerJson(response, { token: 't' }), certificate)
    const registry = await serve(
      guarded(
        given => given === 'Bearer t',
        () => `Bearer realm="${service.origin}"`
      ),
      certificate
    )
    const client = clientOf(registry, ROBOT, { ca: certificate.cert })
    expect(await client.headManifest('a', 'x')).toMatchObject({ digest: DIGEST })
  })

  test('an authority that nobody configured is named as what is missing, and nothing is tried again', async () => {
    const registry = await serve((_, response) => has(response), certificate)
    const error = await failure(clientOf(registry, ROBOT).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNREACHABLE', definite: true })
    expect(error.message).toContain('private authority')
  })

  test('a text that is no certificate is named as such', async () => {
    const registry = await serve((_, response) => has(response), certificate)
    const error = await failure(clientOf(registry, ROBOT, { ca: 'ca.crt' }).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'BAD_CERTIFICATE' })
  })

  test('a registry without TLS that is spoken to by TLS is named as such, with what allows it', async () => {
    const registry = await serve((_, response) => has(response))
    const error = await failure(clientOf(registry, ROBOT, { plainHttp: false }).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNREACHABLE', definite: true })
    expect(error.message).not.toContain('\n')
    expect(error.message).toMatch(
      /answers in plain HTTP, without TLS; allow that for it: --insecure-registry of kbuild, .*plainHttp/
    )
  })

  test.each<[string, Credential | undefined]>([
    ['a password', ROBOT],
    ['an identity token', { identityToken: 'it' }],
    ['nobody', undefined]
  ])('a token service without TLS gets nothing from %s of a registry with TLS', async (_, credential) => {
    const service = await tokens()
    const registry = await serve(
      guarded(
        () => true,
        () => `Bearer realm="${service.origin}/token"`
      ),
      certificate
    )
    const error = await failure(clientOf(registry, credential, { ca: certificate.cert }).headManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(error.message).toMatch(/plain HTTP; nothing was sent there/)
    expect(error.message).toContain(service.host)
    expect(service.asked).toEqual([])
  })
})
