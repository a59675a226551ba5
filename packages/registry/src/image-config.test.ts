import { createHash } from 'node:crypto'
import { afterEach, expect, test } from '@jest/globals'
import { answerProblem, type FakeRegistry, startFakeRegistry } from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import { readImageConfig, type ImageConfig } from './image-config.js'
import { failure } from './registry.fixture.js'

let registry: FakeRegistry | undefined
afterEach(async () => registry?.stop())

const digestOf = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** A registry with these texts by `/v2/<path>`. */
async function serve(contents: Readonly<Record<string, string>>): Promise<RegistryClient> {
  registry = await startFakeRegistry(({ url = '' }, response) => {
    const content = contents[url.slice('/v2/'.length)]
    if (content === undefined) answerProblem(response, 404, 'MANIFEST_UNKNOWN', 'no')
    else response.end(content)
  })
  return new RegistryClient(registry.host, { plainHttp: true, retries: 0 })
}

const CONFIG = JSON.stringify({
  config: {
    ExposedPorts: { '6379/tcp': {}, '53/udp': {} },
    Healthcheck: { Test: ['CMD', 'ping'], Interval: 5e9, Timeout: -1, Retries: 2, StartPeriod: 'long' }
  }
})
const IMAGE = JSON.stringify({ config: { digest: digestOf(CONFIG) } })
const INDEX = JSON.stringify({
  manifests: [
    { digest: digestOf('another'), platform: { os: 'windows', architecture: 'amd64' } },
    { digest: digestOf('another'), platform: { os: 'linux', architecture: 'arm64' } },
    { digest: digestOf(IMAGE), platform: { os: 'linux', architecture: 'amd64' } }
  ]
})
const ALL = {
  'a/b/manifests/one': IMAGE,
  'a/b/manifests/many': INDEX,
  [`a/b/manifests/${digestOf(IMAGE)}`]: IMAGE,
  [`a/b/blobs/${digestOf(CONFIG)}`]: CONFIG
}

async function read(contents: Readonly<Record<string, string>>, reference: string): Promise<ImageConfig | undefined> {
  return readImageConfig(await serve(contents), 'a/b', reference, 'amd64')
}

test.each(['one', 'many', digestOf(IMAGE)])('what %.12s says of its check and its ports', async reference => {
  expect(await read(ALL, reference)).toEqual({
    healthTest: ['CMD', 'ping'],
    healthTimes: { Interval: 5e9, Timeout: 0, StartPeriod: 0 },
    healthRetries: 2,
    exposedPorts: ['6379/tcp', '53/udp']
  })
})

test.each([
  ['is not there', {}],
  ['is no JSON', { 'a/b/manifests/x': '<html>' }],
  ['is a list', { 'a/b/manifests/x': '[1]' }],
  ['has no configuration', { 'a/b/manifests/x': '{}' }],
  ['names it by no digest', { 'a/b/manifests/x': '{"config":{"digest":"../../../secret"}}' }],
  ['has lost it', { 'a/b/manifests/x': IMAGE }]
])('an image that %s says nothing', async (_, contents) => {
  expect(await read(contents, 'x')).toBeUndefined()
})

test('a configuration without any of it is one that says nothing of them', async () => {
  const config = JSON.stringify({ config: null })
  const image = JSON.stringify({ config: { digest: digestOf(config) } })
  const found = await read({ 'a/b/manifests/x': image, [`a/b/blobs/${digestOf(config)}`]: config }, 'x')
  expect(found).toMatchObject({ healthTest: [], healthRetries: 0, exposedPorts: [] })
})

test('content with another digest, and one that is too large, are errors', async () => {
  const other = serve({ ...ALL, [`a/b/blobs/${digestOf(CONFIG)}`]: '{}' })
  expect(await failure(other.then(client => readImageConfig(client, 'a/b', 'one', 'amd64')))).toMatchObject({
    code: 'PROTOCOL'
  })
  await registry?.stop()
  const large = serve({ ...ALL, [`a/b/blobs/${digestOf(CONFIG)}`]: ' '.repeat(1024 * 1024 + 1) })
  expect((await failure(large.then(client => readImageConfig(client, 'a/b', 'one', 'amd64')))).message).toContain(
    'larger'
  )
})
