import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import {
  answerChallenge,
  answerJson,
  type Certificate,
  type FakeRegistry,
  type RegistryHandler,
  selfSigned,
  servers
} from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import { type Credential, secretsOf } from './credentials.js'
import { removeImage } from './remove.js'

/*
 * A secret may reach the registry and the token service that it names, in a header or a form. It must be in no address,
 * nowhere else, and in nothing that we say, whatever these servers do.
 */

const CREDENTIALS: readonly (readonly [string, Credential])[] = [
  ['password', { username: 'robot', password: 'c4nary/pass +(word)' }],
  ['identity token', { identityToken: 'c4nary.identity/token+=' }],
  ['registry token', { registryToken: 'c4nary.registry/token' }]
]
const ISSUED = 'c4nary-issued-token'

const started: FakeRegistry[] = []
const serve = servers(started)

/** What servers do with a request, other than to answer it well. */
interface Scene {
  readonly registry: RegistryHandler
  readonly service: RegistryHandler
}

/** Writes what came back into the answer, as a careless or hostile server does. */
function echo(status: number): RegistryHandler {
  return (request, response, _, body) => {
    const said = `you sent ${request.headers.authorization ?? ''} and ${body} and ${decodeURIComponent(body)}`
    const basic = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString()
    response.writeHead(status)
    response.end(JSON.stringify({ errors: [{ code: said, message: basic }], details: said, message: basic }))
  }
}

const challenged =
  (challenge: () => string, then: RegistryHandler): RegistryHandler =>
  (request, response, nth, body) => {
    if (request.headers.authorization === undefined) answerChallenge(response, challenge())
    else then(request, response, nth, body)
  }

const issue: RegistryHandler = (_, response) => answerJson(response, { token: ISSUED, access_token: ISSUED })

const redirect =
  (to: () => string): RegistryHandler =>
  (_, response) =>
    response.writeHead(307, { location: to() }).end()

const certificate = selfSigned()

describe.each(CREDENTIALS)('of the form %s', (_, credential) => {
  const secrets = [...secretsOf(credential), ISSUED]
  const forms = secrets.flatMap(secret => [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([[secret, '']]).toString().slice(0, -1)
  ])

  function expectNone(text: string): void {
    for (const form of forms) expect(text).not.toContain(form)
  }

  async function play(
    scene: (at: { foreign: FakeRegistry; service: () => FakeRegistry }) => Scene,
    tls?: Certificate
  ): Promise<void> {
    const foreign = await serve(echo(401))
    const service: FakeRegistry = await serve((...call) => parts.service(...call))
    const parts = scene({ foreign, service: () => service })
    const registry = await serve(parts.registry, tls)
    const client = new RegistryClient(registry.host, {
      plainHttp: tls === undefined,
      credential,
      pauseMs: 1,
      retries: 1,
      ...(tls === undefined ? {} : { ca: tls.cert })
    })

    const digest = `sha256:${'a'.repeat(64)}`
    const said = await Promise.all(
      [
        client.checkPush('a/b'),
        client.headManifest('a/b', 'x'),
        client.getManifest('a/b', 'x'),
        client.deleteManifest('a/b', 'x'),
        removeImage(client, { repository: 'a/b', tag: 'x', digest })
      ].map(result =>
        result.then(
          (value: unknown) => value,
          (error: unknown) => error
        )
      )
    )
    expect(registry.asked.length).toBeGreaterThan(0)
    expectNone(inspect([said, client], { depth: 10, showHidden: true }))
    expectNone(said.map(value => (value instanceof Error ? `${value.message}\n${value.stack ?? ''}` : '')).join('\n'))
    expectNone(JSON.stringify(said))
    for (const server of started) expectNone(server.asked.join('\n'))
    expectNone(JSON.stringify([foreign.headers, foreign.bodies]))
    expect(JSON.stringify(foreign.headers)).not.toContain('authorization')
  }

  test('in the words of a registry', () =>
    play(() => ({ registry: challenged(() => 'Basic realm="r", Bearer', echo(400)), service: issue })))

  test('in the words of a registry that refuses', () =>
    play(({ service }) => ({
      registry: (request, response, nth, body) => {
        response.setHeader('www-authenticate', `Bearer realm="${service().origin}"`)
        echo(401)(request, response, nth, body)
      },
      service: issue
    })))

  test('in the words of a token service', () =>
    play(({ service }) => ({
      registry: challenged(() => `Bearer realm="${service().origin}"`, echo(403)),
      service: echo(401)
    })))

  test('a token service that fails', () =>
    play(({ service }) => ({
      registry: challenged(() => `Bearer realm="${service().origin}"`, echo(500)),
      service: echo(503)
    })))

  test('a token service that answers with something else', () =>
    play(({ service }) => ({
      registry: challenged(() => `Bearer realm="${service().origin}"`, echo(200)),
      service: echo(200)
    })))

  test('a registry that redirects elsewhere', () =>
    play(({ foreign, service }) => ({
      registry: challenged(
        () => `Basic realm="r", Bearer realm="${service().origin}"`,
        redirect(() => foreign.origin)
      ),
      service: issue
    })))

  test('a token service that redirects elsewhere', () =>
    play(({ foreign, service }) => ({
      registry: challenged(() => `Bearer realm="${service().origin}"`, echo(403)),
      service: redirect(() => foreign.origin)
    })))

  test('an upload that lies elsewhere', () =>
    play(({ foreign, service }) => ({
      registry: challenged(
        () => `Bearer realm="${service().origin}"`,
        (_request, response) => response.writeHead(202, { location: foreign.origin }).end()
      ),
      service: issue
    })))

  test('a registry with TLS and a token service without', () =>
    play(
      ({ foreign }) => ({ registry: challenged(() => `Bearer realm="${foreign.origin}"`, echo(403)), service: issue }),
      certificate
    ))

  test('a registry with TLS that redirects to plain HTTP', () =>
    play(
      ({ foreign }) => ({
        registry: challenged(
          () => 'Basic realm="r", Bearer',
          redirect(() => foreign.origin)
        ),
        service: issue
      }),
      certificate
    ))

  test('a registry that breaks off', () =>
    play(({ service }) => ({
      registry: challenged(
        () => `Bearer realm="${service().origin}"`,
        request => request.socket.destroy()
      ),
      service: (request, response, nth, body) => {
        if (nth === 1) request.socket.destroy()
        else issue(request, response, nth, body)
      }
    })))
})
