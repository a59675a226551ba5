import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Kube } from './kube.js'
import {
  type ApiCall,
  type Handler,
  localServer,
  type LocalServer,
  refused,
  respond,
  selfSigned
} from '@kaniko-hooks/testing'

const opened: LocalServer[] = []
const pods = '/api/v1/namespaces/arc/pods'

async function openServer(handler: Handler): Promise<LocalServer> {
  const server = await localServer(handler)
  opened.push(server)
  return server
}

/** A handler that answers the first calls as listed, and the later ones with an object. */
function first(...answers: ((call: ApiCall, response: Parameters<Handler>[1]) => void)[]): Handler {
  return (call, response) => {
    const answer = answers.shift()
    if (answer === undefined) return { metadata: { name: 'a' } }
    answer(call, response)
    return undefined
  }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

test('a token can be bound to an object, and lives ten minutes at least', async () => {
  const { config, calls } = await openServer(() => ({ status: { token: 'given' } }))
  const kube = new Kube(config)
  const boundTo = { kind: 'Secret', name: 's', uid: 'u' } as const
  await expect(kube.requestToken('account', 1, { boundTo })).resolves.toBe('given')
  expect(calls[0]).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/arc/serviceaccounts/account/token' })
  expect(calls[0]?.body).toMatchObject({
    spec: { expirationSeconds: 600, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'u' } }
  })
})

/** Ends a server and its connections; what is returned lets it listen again at the same address. */
async function takeAway(server: LocalServer['server']): Promise<() => void> {
  const { port } = server.address() as { port: number }
  await new Promise(resolve => {
    server.close(resolve)
    server.closeAllConnections()
  })
  return () => void server.listen(port, '127.0.0.1')
}

describe('get', () => {
  test('sends one signed request to the right path', async () => {
    const { config, calls } = await openServer(() => ({ metadata: { name: 'a' } }))
    const kube = new Kube(config)
    await expect(kube.get('jobs', 'a/b')).resolves.toMatchObject({ metadata: { name: 'a' } })
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ method: 'GET', path: '/apis/batch/v1/namespaces/arc/jobs/a%2Fb' })
    expect(calls[0]?.headers.authorization).toBe('Bearer t0ken')
    expect(kube.requests).toBe(1)
  })

  test('keeps a path before the API, as gateways have', async () => {
    const { config, calls } = await openServer(() => ({}))
    await new Kube({ ...config, server: new URL('/k8s/clusters/c-1/', config.server) }).get('pods', 'a')
    expect(calls[0]?.path).toBe(`/k8s/clusters/c-1${pods}/a`)
  })

  test('uses one connection for all requests, and reads the token for each', async () => {
    const { config, calls } = await openServer(() => ({}))
    let token = 0
    const kube = new Kube({ ...config, token: () => Promise.resolve(`t${(token += 1)}`) })
    for (let index = 0; index < 3; index += 1) await kube.get('pods', 'a')
    expect(new Set(calls.map(({ socket }) => socket)).size).toBe(1)
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3'])
    kube.close()
  })

  test.each<[string, Parameters<typeof first>[0]]>([
    ['a reset', call => call.socket.resetAndDestroy()],
    ['a close without an answer', call => call.socket.destroy()],
    ['500', (_call, response) => respond(response, 500, refused(500, 'InternalError', 'etcd'))],
    ['503 from a load balancer', (_call, response) => response.writeHead(503).end('<html>')],
    [
      'an answer that is cut in the middle',
      (call, response) => {
        response.writeHead(200, { 'Content-Length': '100' }).write('{"metadata"')
        setTimeout(() => call.socket.resetAndDestroy(), 20)
      }
    ]
  ])('is repeated after %s', async (_name, fail) => {
    const { config, calls } = await openServer(first(fail, fail))
    const told: string[] = []
    const kube = new Kube(config, { onRetry: why => told.push(why) })
    await expect(kube.get('pods', 'a')).resolves.toMatchObject({ metadata: { name: 'a' } })
    expect(calls).toHaveLength(3)
    expect(told).toHaveLength(2)
  })

  test('waits for an API server that has no store for some seconds', async () => {
    const until = Date.now() + 3_000
    const { config } = await openServer((_call, response) => {
      if (Date.now() > until) return { metadata: { name: 'a' } }
      respond(response, 500, refused(500, 'InternalError', 'etcdserver: leader changed'))
      return undefined
    })
    await expect(new Kube(config).get('pods', 'a')).resolves.toMatchObject({ metadata: { name: 'a' } })
  }, 20_000)

  test('comes back when Retry-After says', async () => {
    const times: number[] = []
    const { config } = await openServer((_call, response) => {
      times.push(Date.now())
      if (times.length > 1) return {}
      respond(response, 429, refused(429, 'TooManyRequests', 'slow down'), { 'Retry-After': '1' })
      return undefined
    })
    await new Kube(config).get('pods', 'a')
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990)
  })

  test('an answer that will not change is not asked for again', async () => {
    const { config, calls } = await openServer((_call, response) => {
      respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))
    })
    await expect(new Kube(config).get('pods', 'a')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'Kubernetes refused to get pod "a" in namespace "arc" (404 NotFound): pods "a" not found.'
    })
    expect(calls).toHaveLength(1)
  })

  test('gives up sooner while the server has never answered', async () => {
    const server = await localServer(() => ({}))
    const kube = new Kube(server.config, { firstContactMs: 200, retryForMs: 60_000 })
    await server.close()
    await expect(kube.get('pods', 'a')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      fault: 'cluster',
      message: expect.stringMatching(/no answer from the Kubernetes API at 127\.0\.0\.1:\d+ .*ECONNREFUSED.*Check/)
    })
  })

  test('waits longer once it has answered', async () => {
    const { config, server } = await openServer(() => ({}))
    const kube = new Kube(config, { firstContactMs: 1, retryForMs: 60_000 })
    await kube.get('pods', 'a')
    const comeBack = await takeAway(server)
    const answer = kube.get('pods', 'a')
    await sleep(300)
    comeBack()
    await expect(answer).resolves.toEqual({})
  })

  test('an API server that has just begun may refuse what it will allow; one that has been there means it', async () => {
    let refusals = 0
    const { config, server, calls } = await openServer((_call, response) => {
      if (refusals === 0) return {}
      refusals -= 1
      respond(
        response,
        403,
        refused(403, 'Forbidden', 'pods "a" is forbidden: User "u" cannot get resource "pods" in API group ""')
      )
      return undefined
    })
    const kube = new Kube(config, { retryForMs: 60_000 })
    refusals = 1
    await expect(kube.get('pods', 'a')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(calls).toHaveLength(1)
    const comeBack = await takeAway(server)
    const answer = kube.get('pods', 'a')
    await sleep(300)
    refusals = 2
    comeBack()
    await expect(answer).resolves.toEqual({})
    refusals = 1
    await expect(kube.create('secrets', { metadata: { name: 'b' } })).resolves.toEqual({})
  })

  test('a signal ends a request that is under way', async () => {
    const { config } = await openServer(() => undefined)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    await expect(new Kube(config).get('pods', 'a', { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED'
    })
  })

  test('a certificate that is not trusted is told at once, as a matter of the configuration', async () => {
    const server = await localServer(() => ({}), selfSigned())
    opened.push(server)
    await expect(new Kube(server.config).get('pods', 'a')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      fault: 'configuration',
      message: expect.stringContaining('not trusted')
    })
  })

  test('over TLS with its authority', async () => {
    const certificate = selfSigned()
    const server = await localServer(() => ({ ok: true }), certificate)
    opened.push(server)
    const kube = new Kube({ ...server.config, ca: certificate.cert })
    await expect(kube.get('pods', 'a')).resolves.toEqual({ ok: true })
    kube.close()
  })
})

test('list reads all pages and names the kind of the items', async () => {
  const { config, calls } = await openServer(({ query }) =>
    query.get('continue') === null
      ? { metadata: { continue: 'more' }, items: [{ metadata: { name: 'a' } }] }
      : { metadata: {}, items: [{ metadata: { name: 'b' } }] }
  )
  await expect(new Kube(config).list('jobs', { labelSelector: 'runner-pod=r' })).resolves.toEqual([
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' } },
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'b' } }
  ])
  expect(calls.map(({ query }) => query.get('labelSelector'))).toEqual(['runner-pod=r', 'runner-pod=r'])
})

describe('create', () => {
  test('that is cut off fails only when the object is there or never will be', async () => {
    const controller = new AbortController()
    let isStored = false
    const { config } = await openServer(async () => {
      controller.abort()
      await sleep(150)
      isStored = true
    })
    const created = new Kube(config).create('secrets', { metadata: { name: 'a' } }, { signal: controller.signal })
    await expect(created).rejects.toMatchObject({ code: 'ABORTED' })
    expect(isStored).toBe(true)
  })

  /** A store that keeps pods, and loses the answer to the first creation. */
  function forgetful(lose: (call: ApiCall, response: Parameters<Handler>[1]) => void, foreign = false): Handler {
    const stored = new Map<string, unknown>()
    let lost = false
    return (call, response) => {
      if (call.method === 'GET') return stored.get(call.path)
      const body = call.body as { metadata: { name: string } }
      const path = `${call.path}/${body.metadata.name}`
      if (stored.has(path)) {
        respond(response, 409, refused(409, 'AlreadyExists', 'pods "a" already exists'))
        return undefined
      }
      stored.set(path, foreign ? { metadata: { name: 'a' } } : body)
      if (lost) return body
      lost = true
      lose(call, response)
      return undefined
    }
  }

  test.each<[string, Parameters<typeof forgetful>[0]]>([
    ['a reset', call => call.socket.resetAndDestroy()],
    ['504', (_call, response) => respond(response, 504, refused(504, 'Timeout', 'etcd'))]
  ])('whose answer was lost by %s finds its own object', async (_name, lose) => {
    const { config, calls } = await openServer(forgetful(lose))
    const pod = await new Kube(config).create('pods', { metadata: { name: 'a', annotations: { mine: 'x' } } })
    expect(pod).toMatchObject({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations: { mine: 'x' } } })
    expect(calls.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
  })

  test('does not take the object of somebody else for its own', async () => {
    const { config } = await openServer(forgetful(call => call.socket.resetAndDestroy(), true))
    await expect(new Kube(config).create('pods', { metadata: { name: 'a' } })).rejects.toMatchObject({
      code: 'CONFLICT'
    })
  })

  test('a name in use at the first try is a conflict, without a look', async () => {
    const { config, calls } = await openServer((_call, response) => {
      respond(response, 409, refused(409, 'AlreadyExists', 'exists'))
    })
    await expect(new Kube(config).create('pods', { metadata: { name: 'a' } })).rejects.toMatchObject({
      code: 'CONFLICT',
      reason: 'AlreadyExists'
    })
    expect(calls).toHaveLength(1)
  })

  test('a webhook that is broken for good is told in seconds, with its words', async () => {
    const said = 'failed calling webhook "pods.example": connection refused'
    const { config, calls } = await openServer((_call, response) => {
      respond(response, 500, refused(500, 'InternalError', said))
    })
    const kube = new Kube(config)
    await expect(kube.create('pods', { metadata: { name: 'a' } })).rejects.toMatchObject({
      code: 'API',
      message: expect.stringContaining(said)
    })
    expect(calls.length).toBeGreaterThan(2)
    expect(calls.length).toBeLessThan(12)
  }, 20_000)

  test('two writers that meet at the quota are sent again', async () => {
    const { config, calls } = await openServer(
      first((_call, response) => respond(response, 409, refused(409, 'Conflict', 'quota was modified')))
    )
    await new Kube(config).create('pods', { metadata: { name: 'a' } })
    expect(calls).toHaveLength(2)
  })

  test('a generated name is the same in each try', async () => {
    const { config, calls } = await openServer(first(call => call.socket.resetAndDestroy()))
    await new Kube(config).create('pods', { metadata: { generateName: 'step-' } })
    const [one, two] = calls.map(({ body }) => body as { metadata: { name: string; generateName?: string } })
    expect(one?.metadata.name).toMatch(/^step-[0-9a-f]{8}$/)
    expect(two).toEqual(one)
    expect(one?.metadata).not.toHaveProperty('generateName')
  })

  test('a dry run only asks', async () => {
    const { config, calls } = await openServer((_call, response) => {
      respond(response, 403, refused(403, 'Forbidden', 'pods "a" is forbidden: violates PodSecurity "baseline"'))
    })
    await expect(new Kube(config).create('pods', { metadata: { name: 'a' } }, { dryRun: true })).rejects.toMatchObject({
      code: 'ADMISSION'
    })
    expect(calls[0]?.query.get('dryRun')).toBe('All')
  })
})

describe('delete', () => {
  test('sends its options', async () => {
    const { config, calls } = await openServer(() => ({}))
    const options = { gracePeriodSeconds: 0, propagationPolicy: 'Background', uid: 'u1' } as const
    await expect(new Kube(config).delete('pods', 'a', options)).resolves.toBe(true)
    expect(calls[0]).toMatchObject({
      method: 'DELETE',
      path: `${pods}/a`,
      body: { gracePeriodSeconds: 0, propagationPolicy: 'Background', preconditions: { uid: 'u1' } }
    })
  })

  const missing: Handler = (_call, response) => respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))

  test('of nothing is false', async () => {
    const { config } = await openServer(missing)
    await expect(new Kube(config).delete('pods', 'a')).resolves.toBe(false)
  })

  test('whose answer was lost is true', async () => {
    let count = 0
    const { config } = await openServer((call, response) => {
      count += 1
      if (count === 1) call.socket.resetAndDestroy()
      else missing(call, response)
    })
    await expect(new Kube(config).delete('pods', 'a')).resolves.toBe(true)
  })

  test('that is refused is given up after its own time, with the words of the server', async () => {
    const { config, calls } = await openServer((_call, response) => {
      respond(response, 500, refused(500, 'InternalError', 'failed calling webhook "w"'))
    })
    const deletion = new Kube(config).delete('pods', 'a', { retryForMs: 400 })
    await expect(deletion).rejects.toMatchObject({ status: 500, message: expect.stringContaining('webhook "w"') })
    expect(calls.length).toBeGreaterThan(1)
  })

  test('of another object of the same name is false', async () => {
    const { config } = await openServer((_call, response) => {
      respond(response, 409, refused(409, 'Conflict', 'the UID in the precondition (u1) does not match'))
    })
    await expect(new Kube(config).delete('pods', 'a', { uid: 'u1' })).resolves.toBe(false)
  })
})
