import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { nodePortRegistry } from './nodeport.js'
import { RegistryDestination, type RegistrySettings } from './registry.js'
import { remoteRegistry } from './remote.js'

const DIGEST = `sha256:${'a'.repeat(64)}`

let server: Server
let asked: string[]
let answer: number
let destination: RegistryDestination

beforeEach(async () => {
  asked = []
  answer = 202
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    const location = request.method === 'POST' ? { location: '/v2/kaniko-hooks/actions/blobs/uploads/1' } : {}
    response.writeHead(answer, { 'docker-content-digest': DIGEST, ...location }).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  destination = new RegistryDestination(settings({ client: { pauseMs: 1 } }))
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function settings(over: Partial<RegistrySettings> = {}): RegistrySettings {
  const { port } = server.address() as AddressInfo
  return { ...nodePortRegistry({ host: '127.0.0.1', port, nodePort: 31500 }), ...over }
}

describe('a NodePort registry', () => {
  const registry = () =>
    new RegistryDestination(nodePortRegistry({ host: 'registry.ci.svc', port: 5000, nodePort: 31500 }))

  test('is pushed to by its Service and pulled from by the node', () => {
    expect(registry().target('abc-1').pushRef).toBe('registry.ci.svc:5000/kaniko-hooks/actions:abc-1')
    expect(registry().pullRef(DIGEST)).toBe(`localhost:31500/kaniko-hooks/actions@${DIGEST}`)
  })

  test('is spoken to over plain HTTP, and only it', () => {
    expect(registry().target('abc-1').insecureRegistries).toEqual(['registry.ci.svc:5000'])
  })
})

describe('a remote registry', () => {
  test('has one name for all, and TLS', () => {
    const registry = new RegistryDestination(remoteRegistry({ repository: 'acme/actions' }))
    const target = registry.target('abc-1')
    expect(target.pushRef).toBe('docker.io/acme/actions:abc-1')
    expect(registry.pullRef(DIGEST)).toBe(`docker.io/acme/actions@${DIGEST}`)
    expect(target.insecureRegistries).toEqual([])
  })

  test.each(['ghcr.io/acme/actions:latest', `ghcr.io/acme/actions@${DIGEST}`, 'https://ghcr.io/acme', 'ghcr.io/Acme'])(
    '%s names no repository',
    repository => {
      expect(() => remoteRegistry({ repository })).toThrow(/is not/)
    }
  )
})

describe('a name that would be read as one of Docker Hub', () => {
  const named = (host: string): RegistrySettings => {
    const push = { host, repository: 'acme/actions', plainHttp: true }
    return { push, pull: push }
  }

  test.each(['push', 'pull', 'api'] as const)('is no registry to %s', use => {
    const settings = { ...named('harbor:80'), [use]: named('harbor').push }
    expect(() => new RegistryDestination(settings)).toThrow(
      '"harbor/acme/actions" would be an image of Docker Hub: write the registry harbor with a port or a dot'
    )
  })

  test.each(['harbor:80', 'harbor.ci', 'localhost', 'docker.io', 'index.docker.io', '[::1]:5000'])(
    '%s is not',
    host => {
      expect(new RegistryDestination(named(host)).target('h').pushRef).toBe(`${host}/acme/actions:h`)
    }
  )
})

test('a handle that is no name is found before a pod starts', () => {
  expect(() => destination.target('Not A Name')).toThrow(/not an image reference/)
})

test('it knows its images, and those of others', () => {
  const { pushRef } = destination.target('0123456789ab-01234567')
  expect(destination.owns(pushRef)).toBe(true)
  // Somebody's own tag in the same repository is no build.
  expect(destination.owns(pushRef.replace(/:[^:]*$/, ':prod'))).toBe(false)
  expect(destination.owns(pushRef.replace('/actions:', '/actions-2:'))).toBe(false)
  expect(destination.owns(`ghcr.io/${pushRef}`)).toBe(false)
})

test('its tag and its manifest are removed', async () => {
  const { pushRef } = destination.target('abc')
  expect(await destination.remove({ pushRef, digest: DIGEST })).toEqual({ result: 'removed' })
  expect(asked).toEqual([
    'DELETE /v2/kaniko-hooks/actions/manifests/abc',
    `DELETE /v2/kaniko-hooks/actions/manifests/${DIGEST}`
  ])
})

test.each([
  [200, true],
  [404, false]
])('an image that is looked up and answered with %i is there: %s', async (status, isThere) => {
  answer = status
  expect(await destination.has({ pushRef: destination.target('abc').pushRef, digest: DIGEST })).toBe(isThere)
})

test('an image that the registry does not tell of is neither there nor absent', async () => {
  answer = 403
  const image = { pushRef: destination.target('abc').pushRef, digest: DIGEST }
  await expect(destination.has(image)).rejects.toMatchObject({ code: 'PUSH_FAILED' })
})

describe('a registry that the hook sees under another name than the builder', () => {
  const behind = () => {
    const { push } = settings()
    return new RegistryDestination(
      settings({
        push: { host: 'harbor.example.com', repository: 'team/a', plainHttp: false },
        api: { ...push, repository: 'c/team/a' }
      })
    )
  }

  test('its images are known by the name of the push', () => {
    const { pushRef, insecureRegistries } = behind().target('0123456789ab-01234567')
    expect(pushRef).toBe('harbor.example.com/team/a:0123456789ab-01234567')
    expect(insecureRegistries).toEqual([])
    expect(behind().owns(pushRef)).toBe(true)
    expect(behind().owns(pushRef.replace(/^[^:]*/, 'c/team/a'))).toBe(false)
  })

  test('and looked up, removed and asked for by the name of the hook, which messages have too', async () => {
    expect(behind().name).toBe(settings().push.host)
    const image = { pushRef: behind().target('abc').pushRef, digest: DIGEST }
    answer = 200
    expect(await behind().has(image)).toBe(true)
    answer = 202
    expect(await behind().remove(image)).toEqual({ result: 'removed' })
    await behind().probe()
    expect(asked).toEqual([
      `HEAD /v2/c/team/a/manifests/${DIGEST}`,
      'DELETE /v2/c/team/a/manifests/abc',
      `DELETE /v2/c/team/a/manifests/${DIGEST}`,
      'POST /v2/c/team/a/blobs/uploads/',
      'DELETE /v2/kaniko-hooks/actions/blobs/uploads/1'
    ])
  })
})

test('a registry that takes a push, which is not carried on', async () => {
  expect(await destination.probe()).toBeUndefined()
  expect(asked).toEqual([
    'POST /v2/kaniko-hooks/actions/blobs/uploads/',
    'DELETE /v2/kaniko-hooks/actions/blobs/uploads/1'
  ])
})

test.each([401, 403, 404])('a registry that refuses with %i is an error', async status => {
  answer = status
  await expect(destination.probe()).rejects.toMatchObject({ code: 'PUSH_FAILED', fault: 'configuration' })
})

test('a refusal names the Secret that was not enough', async () => {
  answer = 403
  const closed = new RegistryDestination(settings({ access: { kind: 'docker-config', secret: 'ci-push' } }))
  await expect(closed.probe()).rejects.toThrow(/answered 403.*; its credential is from the Secret ci-push$/)
})

test('a registry that has a fault of its own is a sentence: the builder tries longer', async () => {
  answer = 503
  expect(await destination.probe()).toContain('503')
})

test("behind a proxy, an ingress' pause is one too", async () => {
  answer = 503
  const behind = new RegistryDestination(settings({ client: { pauseMs: 1 }, proxy: 'the connector ci/harbor' }))
  expect(await behind.probe()).toContain('503')
})

test('behind a proxy, which answers for it, its 502 is no doubt', async () => {
  answer = 502
  const behind = new RegistryDestination(settings({ client: { pauseMs: 1 }, proxy: 'the connector ci/harbor' }))
  await expect(behind.probe()).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringMatching(/^the registry behind the connector ci\/harbor cannot be used: .*502/)
  })
})

test('a registry that surely is not there is an error', async () => {
  server.close()
  await expect(destination.probe()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', fault: 'configuration' })
})

test('one that does not answer in time is a sentence', async () => {
  server.removeAllListeners('request')
  server.on('request', () => undefined)
  const slow = new RegistryDestination(settings({ client: { answerTimeoutMs: 20, connectTimeoutMs: 20, retries: 0 } }))
  expect(await slow.probe()).toContain('cannot be reached')
})
