import { describe, expect, test } from '@jest/globals'
import {
  answerChallenge,
  answerJson,
  type FakeRegistry,
  type RegistryHandler,
  selfSigned,
  servers
} from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import type { RegistryOptions } from './requests.js'
import { failure } from './registry.fixture.js'

const MANIFEST = '{"schemaVersion":2}'
const ROBOT = { username: 'robot', password: 'pass' }
const BASIC = `Basic ${Buffer.from('robot:pass').toString('base64')}`

const serve = servers()

/** A registry that asks for Basic, and then sends everybody somewhere. */
function sending(to: (url: string) => string | undefined, status = 307): RegistryHandler {
  return (request, response) => {
    const location = to(request.url ?? '')
    if (request.headers.authorization === undefined) answerChallenge(response, 'Basic realm="r"')
    else if (location === undefined) response.writeHead(200).end(MANIFEST)
    else response.writeHead(status, { location, 'set-cookie': 'session=1' }).end()
  }
}

function clientOf(server: FakeRegistry, options: RegistryOptions = {}): RegistryClient {
  const plainHttp = server.origin.startsWith('http:')
  return new RegistryClient(server.host, { plainHttp, pauseMs: 1, credential: ROBOT, ...options })
}

describe('a GET', () => {
  test.each([301, 302, 303, 307, 308])('follows %i within the registry, with its authorization', async status => {
    const registry = await serve(sending(url => (url === '/moved' ? undefined : '/moved'), status))
    expect((await clientOf(registry).getManifest('a', 'x'))?.content.toString()).toBe(MANIFEST)
    expect(registry.asked.at(-1)).toBe('GET /moved')
    expect(registry.headers.at(-1)?.authorization).toBe(BASIC)
    expect(registry.headers.at(-1)?.cookie).toBeUndefined()
  })

  test('follows elsewhere, and leaves its authorization behind', async () => {
    const blobs = await serve((_, response) => response.writeHead(200).end(MANIFEST))
    const registry = await serve(sending(() => `${blobs.origin}/blob?signature=s`))
    expect((await clientOf(registry).getManifest('a', 'x'))?.content.toString()).toBe(MANIFEST)
    expect(blobs.asked).toEqual(['GET /blob?signature=s'])
    expect(blobs.headers[0]?.authorization).toBeUndefined()
    expect(blobs.headers[0]?.cookie).toBeUndefined()
  })

  test('does not take it up again on the way back', async () => {
    const registry = await serve((request, response) => {
      if (request.url === '/back') response.writeHead(200).end(MANIFEST)
      else sending(() => `${blobs.origin}/away`)(request, response, 0, '')
    })
    const blobs: FakeRegistry = await serve((_, response) =>
      response.writeHead(302, { location: `${registry.origin}/back` }).end()
    )
    await clientOf(registry).getManifest('a', 'x')
    expect(registry.asked.at(-1)).toBe('GET /back')
    expect(registry.headers.at(-1)?.authorization).toBeUndefined()
  })

  test('shows no user that stands in an address', async () => {
    const blobs = await serve((_, response) => response.writeHead(200).end(MANIFEST))
    const registry = await serve(sending(() => blobs.origin.replace('//', '//user:password@')))
    await clientOf(registry).getManifest('a', 'x')
    expect(blobs.headers[0]?.authorization).toBeUndefined()
  })

  test('does not answer a challenge from elsewhere', async () => {
    const blobs = await serve((_, response) => answerChallenge(response, 'Basic realm="r"'))
    const registry = await serve(sending(() => blobs.origin))
    const error = await failure(clientOf(registry).getManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
    expect(error.message).toContain(`redirects to ${blobs.host}`)
    expect(blobs.headers.map(headers => headers.authorization)).toEqual([undefined])
  })

  test('not even when the registry sends it there before it asks for anything', async () => {
    const service = await serve((_, response) => answerJson(response, { token: 't' }))
    const blobs = await serve((_, response) => answerChallenge(response, `Bearer realm="${service.origin}"`))
    const registry = await serve((_, response) => response.writeHead(307, { location: blobs.origin }).end())
    expect(await failure(clientOf(registry).getManifest('a', 'x'))).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(service.asked).toEqual([])
  })

  test('ends after five redirects', async () => {
    let hops = 0
    const registry = await serve(sending(() => `/${++hops}`))
    const error = await failure(clientOf(registry).getManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'PROTOCOL', status: 307 })
    expect(registry.asked).toHaveLength(1 + 1 + 5)
  })

  test.each([
    ['no address', '', /does not say where to go/],
    ['no valid address', 'http://[', /does not say where to go/],
    ['another scheme', 'file:///etc/passwd', /file: is not followed/]
  ])('goes nowhere for %s', async (_, location, why) => {
    const registry = await serve(sending(() => location))
    expect((await failure(clientOf(registry).getManifest('a', 'x'))).message).toMatch(why)
  })

  test('passing faults on the way are tried again', async () => {
    const blobs = await serve((_, response, nth) => response.writeHead(nth < 3 ? 503 : 200).end(MANIFEST))
    const registry = await serve(sending(() => blobs.origin))
    expect((await clientOf(registry).getManifest('a', 'x'))?.content.toString()).toBe(MANIFEST)
    expect(registry.asked).toHaveLength(2)
  })

  test('a place that is not there is named', async () => {
    const blobs = await serve(() => undefined)
    await blobs.stop()
    const registry = await serve(sending(() => `${blobs.origin}/blob?signature=s1gn`))
    const error = await failure(clientOf(registry).getManifest('a', 'x'))
    expect(error.message).toContain(`${blobs.host}, where the registry ${registry.host} redirects to,`)
    expect(error.message).not.toContain('s1gn')
  })
})

test('a DELETE goes nowhere else', async () => {
  const other = await serve((_, response) => response.writeHead(202).end())
  const registry = await serve(sending(() => other.origin))
  expect(await failure(clientOf(registry).deleteManifest('a', 'x'))).toMatchObject({ code: 'PROTOCOL', status: 307 })
  expect(other.asked).toEqual([])
})

describe('a token service that redirects', () => {
  test('gets no password at the other place', async () => {
    const other = await serve((_, response) => answerJson(response, { token: 'anonymous' }))
    const service = await serve((_, response) => response.writeHead(307, { location: `${other.origin}/t` }).end())
    const registry = await serve((request, response) => {
      if (request.headers.authorization !== 'Bearer anonymous')
        answerChallenge(response, `Bearer realm="${service.origin}"`)
      else response.writeHead(200).end(MANIFEST)
    })
    await clientOf(registry).getManifest('a', 'x')
    expect(service.headers[0]?.authorization).toBe(BASIC)
    expect(other.asked).toEqual(['GET /t'])
    expect(other.headers[0]?.authorization).toBeUndefined()
  })

  test('and is refused there, which is said', async () => {
    const other = await serve((_, response) => response.writeHead(401).end())
    const service = await serve((_, response) => response.writeHead(307, { location: other.origin }).end())
    const registry = await serve((_, response) => answerChallenge(response, `Bearer realm="${service.origin}"`))
    const error = await failure(clientOf(registry).getManifest('a', 'x'))
    expect(error.message).toContain(`redirected to ${other.host}, which is not shown the credential`)
  })

  test('gets no identity token at the other place', async () => {
    const other = await serve((_, response) => answerJson(response, { token: 't' }))
    const service = await serve((_, response) => response.writeHead(307, { location: other.origin }).end())
    const registry = await serve((_, response) => answerChallenge(response, `Bearer realm="${service.origin}"`))
    const client = clientOf(registry, { credential: { identityToken: 'it' } })
    expect(await failure(client.getManifest('a', 'x'))).toMatchObject({ code: 'PROTOCOL', status: 307 })
    expect(other.asked).toEqual([])
  })
})

describe('from HTTPS', () => {
  const certificate = selfSigned()

  test('it never goes to plain HTTP', async () => {
    const plain = await serve((_, response) => response.writeHead(200).end(MANIFEST))
    const registry = await serve(
      sending(() => plain.origin),
      certificate
    )
    const error = await failure(clientOf(registry, { ca: certificate.cert }).getManifest('a', 'x'))
    expect(error).toMatchObject({ code: 'PROTOCOL' })
    expect(error.message).toContain(`plain HTTP at ${plain.host}`)
    expect(plain.asked).toEqual([])
  })

  test('another place is asked with the same authorities', async () => {
    const blobs = await serve((_, response) => response.writeHead(200).end(MANIFEST), certificate)
    const registry = await serve(
      sending(() => blobs.origin),
      certificate
    )
    const client = clientOf(registry, { ca: certificate.cert })
    expect((await client.getManifest('a', 'x'))?.content.toString()).toBe(MANIFEST)
    expect(blobs.headers[0]?.authorization).toBeUndefined()
  })

  test('from plain HTTP to HTTPS the authorization stays behind', async () => {
    const secure = await serve((_, response) => response.writeHead(200).end(MANIFEST), certificate)
    const registry = await serve(sending(() => secure.origin))
    await clientOf(registry, { ca: certificate.cert }).getManifest('a', 'x')
    expect(secure.headers[0]?.authorization).toBeUndefined()
  })
})
