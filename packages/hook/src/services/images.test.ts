import { createHash } from 'node:crypto'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startFakeRegistry, type FakeRegistry, type RegistryHandler } from '@kaniko-hooks/testing'

import { Bench, container } from '../job/call.fixture.js'
import { readServiceImages, withImage } from './images.js'

const CONFIG = JSON.stringify({ config: { ExposedPorts: { '80/tcp': {} }, Healthcheck: { Test: ['CMD', 'ping'] } } })
const IMAGE = JSON.stringify({ config: { digest: `sha256:${createHash('sha256').update(CONFIG).digest('hex')}` } })

let bench: Bench
let registry: FakeRegistry
let handler: RegistryHandler
beforeEach(async () => {
  bench = await Bench.start()
  handler = ({ url }, response) => void response.end(url?.includes('/blobs/') === true ? CONFIG : IMAGE)
  registry = await startFakeRegistry((...all) => handler(...all))
})
afterEach(async () => {
  await bench.stop()
  await registry.stop()
})

async function read(
  imageRegistries: readonly string[],
  ...services: readonly ReturnType<typeof container>[]
): ReturnType<typeof readServiceImages> {
  const { host } = registry
  const settings = { services: { imageRegistries: [...imageRegistries] }, build: { insecureRegistries: [host] } }
  return readServiceImages(bench.call({ settings }), services)
}

test('a registry that the settings name is asked, and none that they do not', async () => {
  const image = container({ image: `${registry.host}/web:1` })
  const registryOf = { username: 'u', password: 'p', serverUrl: 'other.example.com' }
  expect(await read([], image, container({ image: 'Not An Image' }))).toEqual([undefined, undefined])
  expect(registry.asked).toEqual([])
  const [found, none] = await read([registry.host], { ...image, registry: registryOf }, container({ image: 'redis' }))
  expect(found).toMatchObject({ healthTest: ['CMD', 'ping'], exposedPorts: ['80/tcp'] })
  expect(none).toBeUndefined()
  // The credentials are for somebody else.
  expect(registry.headers.map(({ authorization }) => authorization)).toEqual([undefined, undefined])
})

test('the credentials of the service are shown to the registry of its image', async () => {
  handler = ({ headers, url }, response) => {
    if (headers.authorization !== undefined) return response.end(url?.includes('/blobs/') === true ? CONFIG : IMAGE)
    return response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
  }
  const credentials = { username: 'u', password: 'p', serverUrl: `http://${registry.host}/v2/` }
  const [found] = await read([registry.host], container({ image: `${registry.host}/web`, registry: credentials }))
  expect(found?.healthTest).toEqual(['CMD', 'ping'])
  expect(registry.headers.at(-1)?.authorization).toBe(`Basic ${btoa('u:p')}`)
})

test.each<[string, RegistryHandler]>([
  ['does not answer', () => undefined],
  ['refuses', (_, response) => void response.writeHead(403).end()],
  ['speaks another language', (_, response) => void response.end('<html>')]
])('a registry that %s says nothing, and the job goes on', async (_, says) => {
  handler = says
  expect(await read([registry.host], container({ image: `${registry.host}/web` }))).toEqual([undefined])
})

describe('the check of a service', () => {
  const image = {
    healthTest: ['CMD-SHELL', 'curl -f localhost'],
    healthTimes: { Interval: 5e9, Timeout: 0, StartPeriod: 1e9 },
    healthRetries: 4,
    exposedPorts: []
  }
  const none = { disabled: false }

  test('is its image’s where the options say nothing', () => {
    expect(withImage(none, image)).toEqual({
      disabled: false,
      command: 'curl -f localhost',
      intervalMs: 5_000,
      startPeriodMs: 1_000,
      retries: 4
    })
    expect(withImage(none, { ...image, healthTest: ['CMD', 'a', 'b c'] })).toMatchObject({ program: ['a', 'b c'] })
  })

  test('is what the options say, part by part', () => {
    const options = { disabled: false, command: 'true', retries: 1 }
    expect(withImage(options, { ...image, healthTest: ['CMD', 'a'] })).toEqual({
      ...options,
      intervalMs: 5_000,
      startPeriodMs: 1_000
    })
  })

  test.each([
    ['--no-healthcheck', { disabled: true }, image],
    ['an image without a check', none, { ...image, healthTest: [] }],
    ['an image that takes the check of its base away', none, { ...image, healthTest: ['NONE'] }],
    ['a check of a kind that nobody knows', none, { ...image, healthTest: ['HTTP', '/'] }],
    ['an image that is not known', none, undefined]
  ])('is as the options have it with %s', (_, options, config) => {
    expect(withImage(options, config)).toBe(options)
  })
})
