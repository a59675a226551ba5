import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from '@jest/globals'
import { startFakeRegistry, startImageRegistry, type ImageRegistryOptions } from '@kaniko-hooks/testing'
import { type Blob, RegistryPusher } from './push.js'
import { failure } from './registry.fixture.js'
import type { RegistryOptions } from './requests.js'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map(async stop => stop()))
})

async function serve(options: ImageRegistryOptions = {}, more: RegistryOptions = {}) {
  const registry = await startImageRegistry(options)
  stops.push(() => registry.stop())
  return { registry, pusher: new RegistryPusher(registry.host, { plainHttp: true, pauseMs: 1, ...more }) }
}

function blobOf(content: Buffer): Blob {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  return { digest, size: content.length, open: () => Readable.from([content]) }
}

const LARGE = randomBytes(3_000_000)

describe('a blob', () => {
  test('is sent once, byte for byte, and only with the credential that was asked for', async () => {
    const credential = { username: 'u', password: 'p' }
    const { registry, pusher } = await serve({ credential: 'u:p' }, { credential })
    const blob = blobOf(LARGE)
    expect(await pusher.putBlob('a/b', blob)).toBe('sent')
    expect(registry.blobs.get(blob.digest)?.equals(LARGE)).toBe(true)
    expect(await pusher.putBlob('a/b', blob)).toBe('there')
    expect(registry.asked.filter(line => line.startsWith('PUT'))).toEqual([
      `PUT /v2/a/b/blobs/uploads/one?state=a&digest=${encodeURIComponent(blob.digest)}`
    ])
  })

  test('that broke on its way is begun anew; one that is refused is not', async () => {
    let cut = 1
    const { registry, pusher } = await serve({
      intercept: ({ method, socket }) => {
        if (method !== 'PUT' || cut-- < 1) return false
        socket.destroy()
        return true
      }
    })
    expect(await pusher.putBlob('a/b', blobOf(LARGE))).toBe('sent')
    expect(registry.asked.filter(line => line.startsWith('POST'))).toHaveLength(2)
    const wrong = { ...blobOf(LARGE), digest: blobOf(Buffer.from('x')).digest }
    expect(await failure(pusher.putBlob('a/b', wrong))).toMatchObject({ code: 'UNSUPPORTED' })
    expect(registry.asked.filter(line => line.startsWith('POST'))).toHaveLength(3)
  })

  test('that is to go elsewhere is shown no credential there', async () => {
    const other = await startFakeRegistry((_request, response) => void response.writeHead(201).end())
    stops.push(() => other.stop())
    const { pusher } = await serve(
      {
        credential: 'u:p',
        intercept: ({ method, headers }, response) => {
          if (method !== 'POST' || headers.authorization === undefined) return false
          response.writeHead(202, { location: `${other.origin}/store?sig=a%2Fb` }).end()
          return true
        }
      },
      { credential: { username: 'u', password: 'p' } }
    )
    expect(await pusher.putBlob('a/b', blobOf(Buffer.from('x')))).toBe('sent')
    expect(other.asked[0]).toMatch(/^PUT \/store\?sig=a%2Fb&digest=sha256%3A/)
    expect(other.headers[0]?.authorization).toBeUndefined()
  })
})

test('a manifest keeps its media type; a registry that refuses is quoted', async () => {
  const { registry, pusher } = await serve()
  const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', content: Buffer.from('{}') }
  await pusher.putManifest('a/b', '1', manifest)
  expect(registry.manifests.get('a/b:1')).toEqual(manifest)
  const denied = await serve({
    intercept: (_request, response) => {
      response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"not yours"}]}')
      return true
    }
  })
  const error = await failure(denied.pusher.putManifest('a/b', '1', manifest))
  expect(error).toMatchObject({ code: 'DENIED', message: expect.stringContaining('not yours') })
})
