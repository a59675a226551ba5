import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { answerProblem, type FakeRegistry, type RegistryHandler, startFakeRegistry } from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import type { RegistryOptions } from './requests.js'
import { RegistryError } from './errors.js'

const DIGEST = `sha256:${'a'.repeat(64)}`

let registry: FakeRegistry | undefined

afterEach(async () => {
  await registry?.stop()
  registry = undefined
})

async function serve(handler: RegistryHandler, options: RegistryOptions = {}): Promise<RegistryClient> {
  registry = await startFakeRegistry(handler)
  return new RegistryClient(registry.host, { plainHttp: true, pauseMs: 1, ...options })
}

async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(RegistryError)
  return error as RegistryError
}

describe('reaching a registry', () => {
  test('a port where nobody listens is definitely unreachable, after several tries', async () => {
    const client = await serve(() => undefined)
    await registry?.stop()
    const error = await failure(client.deleteManifest('a/b', DIGEST))
    expect(error).toMatchObject({ code: 'UNREACHABLE', definite: true })
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.message).toContain(client.host)
  })

  test('a registry that accepts and never answers is given up, and that is not definite', async () => {
    const client = await serve(() => undefined, { connectTimeoutMs: 50, answerTimeoutMs: 50, retries: 1 })
    expect(await failure(client.deleteManifest('a/b', DIGEST))).toMatchObject({ code: 'UNREACHABLE', definite: false })
    expect(registry?.asked).toHaveLength(2)
  })

  test('TLS is spoken unless plain HTTP was asked for', async () => {
    const firstByte = new Promise<number>(resolve => {
      const server = createServer(socket => {
        socket.once('data', chunk => {
          resolve(chunk[0] ?? -1)
          socket.destroy()
          server.close()
        })
      }).listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo
        void new RegistryClient(`127.0.0.1:${port}`, { retries: 0 })
          .deleteManifest('a/b', DIGEST)
          .catch(() => undefined)
      })
    })
    const tlsHandshake = 0x16
    expect(await firstByte).toBe(tlsHandshake)
  })
})

describe('a passing fault', () => {
  test.each([429, 500, 502, 503, 504])('%i is tried again', async status => {
    const client = await serve((_, response, nth) => response.writeHead(nth < 3 ? status : 202).end())
    await client.deleteManifest('a/b', DIGEST)
    expect(registry?.asked).toHaveLength(3)
  })

  test('a reset connection is tried again', async () => {
    const client = await serve((request, response, nth) => {
      if (nth === 1) request.socket.destroy()
      else response.writeHead(202).end()
    })
    await client.deleteManifest('a/b', DIGEST)
    expect(registry?.asked).toHaveLength(2)
  })

  test('tries end, and the last answer is told', async () => {
    const client = await serve((_, response) => answerProblem(response, 503, 'UNAVAILABLE', 'come back'))
    expect(await failure(client.deleteManifest('a/b', DIGEST))).toMatchObject({
      code: 'SERVER',
      status: 503,
      problems: [{ code: 'UNAVAILABLE', message: 'come back' }]
    })
    expect(registry?.asked).toHaveLength(4)
  })

  test('a Retry-After that is too far away is not waited for', async () => {
    const client = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end())
    expect(await failure(client.deleteManifest('a/b', DIGEST))).toMatchObject({ code: 'RATE_LIMITED' })
    expect(registry?.asked).toHaveLength(1)
  })

  test('an abort ends the pause between tries', async () => {
    const client = await serve((_, response) => response.writeHead(429, { 'retry-after': '9' }).end())
    const abort = new AbortController()
    const asking = failure(client.deleteManifest('a/b', DIGEST, abort.signal))
    setTimeout(() => abort.abort(), 20)
    expect(await asking).toMatchObject({ code: 'ABORTED' })
  })

  test.each([400, 403, 404, 405])('%i is an answer and not tried again', async status => {
    const client = await serve((_, response) => response.writeHead(status).end())
    await failure(client.checkPush('a/b'))
    expect(registry?.asked).toHaveLength(1)
  })
})

describe('manifests', () => {
  test('a HEAD asks for both dialects, images and indexes', async () => {
    const client = await serve((_, response) =>
      response
        .writeHead(200, {
          'docker-content-digest': DIGEST,
          'content-type': 'application/vnd.oci.image.manifest.v1+json; charset=utf-8',
          'content-length': '123'
        })
        .end()
    )
    expect(await client.headManifest('a/b', 'latest')).toEqual({
      digest: DIGEST,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 123
    })
    expect(registry?.asked).toEqual(['HEAD /v2/a/b/manifests/latest'])
    const accept = registry?.headers[0]?.accept ?? ''
    for (const type of ['manifest.v2', 'manifest.list.v2', 'image.manifest.v1', 'image.index.v1']) {
      expect(accept).toContain(type)
    }
  })

  test('without a digest header the content tells the digest', async () => {
    const client = await serve((_, response) => response.writeHead(200).end('{}'))
    const digest = `sha256:${createHash('sha256').update('{}').digest('hex')}`
    expect(await client.headManifest('a', 'latest')).toMatchObject({ digest, size: 2 })
    expect(registry?.asked).toEqual(['HEAD /v2/a/manifests/latest', 'GET /v2/a/manifests/latest'])
  })

  test('content that is not what its digest says is refused', async () => {
    const client = await serve((_, response) => response.writeHead(200).end('{"other":1}'))
    expect(await failure(client.getManifest('a', DIGEST))).toMatchObject({ code: 'PROTOCOL' })
  })

  test('content without end is cut off', async () => {
    const client = await serve((_, response) => {
      response.on('error', () => undefined)
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024))) continue
        response.once('drain', pour)
      }
      pour()
    })
    expect(await failure(client.getManifest('a', 'latest'))).toMatchObject({ code: 'PROTOCOL' })
  })

  test('what is not there is no error', async () => {
    const client = await serve((_, response) => answerProblem(response, 404, 'MANIFEST_UNKNOWN'))
    expect(await client.headManifest('a', 'latest')).toBeUndefined()
    expect(await client.getManifest('a', 'latest')).toBeUndefined()
  })

  test("a registry's words cannot write lines of their own", async () => {
    const client = await serve((_, response) => answerProblem(response, 403, 'DENIED', 'x\n::error::y'))
    expect((await failure(client.getManifest('a', 'latest'))).message).not.toContain('\n')
  })
})
