import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { baseDigests, type BaseSources, isAsked } from './base-digests.js'

const DIGEST = `sha256:${'a'.repeat(64)}`

let server: Server
let host: string
let asked: string[]
let has: string

beforeEach(async () => {
  asked = []
  has = '/v2/hub/library/debian/manifests/12'
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(request.url === has ? 200 : 404, { 'docker-content-digest': DIGEST }).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function sources(over: Partial<BaseSources> = {}): BaseSources {
  return { registryMirrors: [`${host}/hub`], registryMaps: {}, insecureRegistries: [host], mayAsk: () => true, ...over }
}

test('a mirror is asked for what Docker Hub has', async () => {
  expect(await baseDigests(['debian:12', 'debian:12'], sources())).toEqual({ 'debian:12': DIGEST })
  expect(asked).toEqual([has])
})

test('maps of a registry are asked in turn, Docker Hub by any of its names before its mirrors, and the registry last', async () => {
  const registryMaps = { [host]: [`${host}/a`, `${host}/b`], 'index.docker.io': [`${host}/c`] }
  await baseDigests([`${host}/x/tool`], sources({ registryMaps }))
  const asking = ['a/x/tool', 'b/x/tool', 'x/tool'].map(name => `/v2/${name}/manifests/latest`)
  expect(asked).toEqual(asking)
  asked = []
  expect(await baseDigests(['debian:12'], sources({ registryMaps }))).toEqual({ 'debian:12': DIGEST })
  expect(asked).toEqual(['/v2/c/library/debian/manifests/12', has])
})

test('a registry that has a proxy is asked there, with its credential, and never itself', async () => {
  has = '/v2/namespaces/a/connectors/b/team/base/manifests/1'
  const place = { host, path: 'namespaces/a/connectors/b', plainHttp: true }
  const credentials: string[] = []
  const over = {
    insecureRegistries: [],
    proxies: [{ registry: 'docker.io', place, name: 'the connector a/b', origin: 'somebody' }],
    credentialFor: (...asked: string[]) => void credentials.push(asked.join(' '))
  }
  expect(await baseDigests(['team/base:1', 'nothing'], sources(over))).toEqual({ 'team/base:1': DIGEST })
  expect(asked.sort()).toEqual(['/v2/namespaces/a/connectors/b/library/nothing/manifests/latest', has])
  expect(credentials.sort()).toEqual([
    `${host} namespaces/a/connectors/b/library/nothing`,
    `${host} namespaces/a/connectors/b/team/base`
  ])
})

test('a name with a digest stands for itself, without a question', async () => {
  expect(await baseDigests([`debian@${DIGEST}`], sources())).toEqual({ [`debian@${DIGEST}`]: DIGEST })
  expect(asked).toEqual([])
})

test('what nobody knows, what is no name and what cannot be reached is left out', async () => {
  const unknown = [`${host}/nothing`, 'Not A Name', '127.0.0.1:1/x']
  expect(await baseDigests(unknown, sources())).toEqual({})
})

describe('a registry that may not be asked', () => {
  const mayAsk = (registry: string): boolean => registry !== host

  test('hears nothing, whatever a Dockerfile names', async () => {
    const reference = `${host}/library/debian:12`
    has = '/v2/library/debian/manifests/12'
    expect(await baseDigests([reference], sources({ mayAsk }))).toEqual({})
    expect(asked).toEqual([])
    expect(isAsked(reference, sources({ mayAsk }))).toBe(false)
    expect(await baseDigests([reference], sources())).toEqual({ [reference]: DIGEST })
    expect(isAsked(reference, sources())).toBe(true)
  })

  test('has its mirrors asked all the same', async () => {
    const over = { mayAsk: () => false, registryMaps: { 'quay.io': [`${host}/quay`] } }
    await baseDigests(['quay.io/a/b:1', 'debian:12'], sources(over))
    expect(asked.sort()).toEqual([has, '/v2/quay/a/b/manifests/1'])
    expect(isAsked('quay.io/a/b:1', sources(over))).toBe(true)
  })
})

test('a text that is no name is asked of nobody', () => {
  expect(isAsked('Not A Name', sources())).toBe(false)
})
