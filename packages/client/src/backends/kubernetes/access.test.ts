import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import type { Context } from '@kaniko-hooks/builder'
import { answerChallenge, ApiServer, servers } from '@kaniko-hooks/testing'
import { createHash } from 'node:crypto'
import { redactor } from '../../redact.js'
import { imageBuild } from './build.fixture.js'
import { goesBy, planAccess } from './plan.js'
import { platformOf } from './platform.js'
import { checkPublished } from './published.js'
import { placesOf, targetOf } from './targets.js'

const LISTENER = { line: () => undefined, phase: () => undefined }
const SIGNAL = new AbortController().signal

const start = servers()

const CONFIG = `sha256:${'c'.repeat(64)}`

let cluster: ApiServer
let kube: Kube
beforeEach(async () => {
  cluster = await ApiServer.start()
  kube = new Kube(cluster.config)
})
afterEach(async () => {
  kube.close()
  await cluster.stop()
})

function context(dockerfileText: string): Context {
  return { directory: '/c', dockerfile: 'Dockerfile', dockerfileText, entries: [], warnings: [] }
}

test('a base image that anybody may fetch gets no credential, since each RUN could read it', async () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const registry = await start((request, response) => {
    if (!(request.url ?? '').includes('/open/')) {
      answerChallenge(response, 'Basic realm="x"')
      return
    }
    response.writeHead(200, { 'docker-content-digest': digest, 'content-type': 'x' }).end()
  })
  const auth = JSON.stringify({ auths: { [registry.host]: { auth: btoa('u:p') } } })
  const plan = async (...bases: readonly string[]) => {
    const text = bases.map(base => `FROM ${registry.host}/${base}`).join('\n')
    const request = imageBuild({
      tags: [`${registry.host}/own/app:1`],
      push: true,
      insecureRegistries: [registry.host]
    })
    const settings = { env: { HOME: '/nowhere', DOCKER_AUTH_CONFIG: auth } }
    return planAccess(request, context(text), settings, kube, LISTENER, SIGNAL)
  }
  expect((await plan('open/base')).builderConfig).toBeUndefined()
  expect((await plan('open/base', 'closed/base')).builderConfig).toContain(registry.host)
  expect(registry.headers.every(({ authorization }) => authorization === undefined)).toBe(true)
})

test('tags of one repository are one place, in the order in which they are written', () => {
  const places = placesOf(['busybox:1', 'r.ci:5000/a/b:1', 'docker.io/library/busybox:2', 'r.ci:5000/a/b:1'])
  expect(places.map(place => targetOf(place, undefined, ['r.ci:5000']))).toEqual([
    { pushRef: 'docker.io/library/busybox:1', tags: ['2'], insecureRegistries: [] },
    { pushRef: 'r.ci:5000/a/b:1', insecureRegistries: ['r.ci:5000'] }
  ])
  expect([...(places[0]?.written.values() ?? [])]).toEqual(['busybox:1', 'docker.io/library/busybox:2'])
})

test.each([
  ['text', {}],
  ['null', {}],
  ['{"config":{"digest":"sha256:c\\n::error::x"},"layers":[null,{"size":4}]}', {}],
  [`{"config":{"digest":"${CONFIG}"}}`, { imageId: CONFIG }]
])('a manifest tells what it has, and fails no build that was pushed: %s', async (manifest, expected) => {
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  const registry = await start((_, response) =>
    response.writeHead(200, { 'docker-content-digest': digest, 'content-type': 'x' }).end(manifest)
  )
  const [place] = placesOf([`${registry.host}/a:1`])
  if (place === undefined) throw new Error('there is one')
  expect(await checkPublished([{ place, client: { plainHttp: true } }], digest, SIGNAL)).toEqual(expected)
})

test('what was pushed is asked for at the registry, tag by tag', async () => {
  const manifest = JSON.stringify({ config: { digest: CONFIG }, layers: [{ size: 3 }, { size: 4 }] })
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  const other = `sha256:${'b'.repeat(64)}`
  const registry = await start(({ method, url = '' }, response) => {
    if (method === 'GET') return response.writeHead(200, { 'content-type': 'x' }).end(manifest)
    if (url.endsWith('/gone')) return response.writeHead(404).end()
    return response
      .writeHead(200, { 'docker-content-digest': url.endsWith('/moved') ? other : digest, 'content-type': 'x' })
      .end()
  })
  const check = async (...tags: readonly string[]) => {
    const places = placesOf(tags.map(tag => `${registry.host}/a:${tag}`))
    return checkPublished(
      places.map(place => ({ place, client: { plainHttp: true } })),
      digest,
      SIGNAL
    )
  }
  expect(await check('1', 'latest')).toEqual({ imageId: CONFIG, size: 7 })
  await expect(check('1', 'moved')).rejects.toMatchObject({
    code: 'PUSH_FAILED',
    message: expect.stringContaining(`the registry ${registry.host} has ${other} by that name`)
  })
  await expect(check('gone')).rejects.toThrow(/has nothing by that name/)
})

test('a registry that only the pod can reach is believed', async () => {
  const [place] = placesOf(['127.0.0.1:1/a:1'])
  if (place === undefined) throw new Error('there is one')
  expect(await checkPublished([{ place, client: { plainHttp: true } }], `sha256:${'a'.repeat(64)}`, SIGNAL)).toEqual({})
})

test('a platform is one of Linux', () => {
  expect(platformOf('linux/arm/v7', false)).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' })
  expect(platformOf(undefined, false)).toEqual({ os: 'linux', architecture: 'amd64' })
  for (const wrong of ['', 'linux', 'linux/', 'darwin/arm64', 'linux/amd64/x', 'linux/../x']) {
    expect(() => platformOf(wrong, true)).toThrow(/is not built/)
  }
})

test('secrets are hidden in lines of others, line by line, the longest first', () => {
  const redact = redactor(['canary', 'canary-long', 'first line\nsecond line', 'ab', ''])
  expect(redact('x canary-long y canary, second line; ab')).toBe('x *** y ***, ***; ab')
})

describe('a connector', () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    proxy: { httpAddress: { url: 'http://c-harbor.ci.svc/namespaces/ci/connectors/harbor' } }
  }
  const plan = async (tags: readonly string[], name = 'ci/harbor') =>
    planAccess(
      imageBuild({ tags, push: true, timeoutMs: 1_800_000 }),
      context('FROM scratch'),
      { env: { HOME: '/nowhere' }, connector: { name, serviceAccount: 'images' } },
      kube,
      LISTENER,
      SIGNAL
    )

  beforeEach(() => {
    const spec = { address: 'https://harbor.example' }
    cluster.putCustom('connectors.connectors.alauda.io', 'ci', { metadata: { name: 'harbor' }, spec, status })
  })

  test('takes the tags of the registry behind it, and no credential is looked for', async () => {
    const { connector, places } = await plan(['harbor.example/team/app:1', 'harbor.example/team/app:2', 'r.ci/a:1'])
    expect(places.map(place => goesBy(place, connector))).toEqual([true, false])
    const [place] = places
    expect(place === undefined ? undefined : connector?.targetOf(place)).toEqual({
      pushRef: 'c-harbor.ci.svc/namespaces/ci/connectors/harbor/team/app:1',
      tags: ['2'],
      insecureRegistries: ['c-harbor.ci.svc'],
      access: {
        kind: 'connector',
        volume: {
          namespace: 'ci',
          name: 'harbor',
          attributes: 'connector.name',
          tokenSeconds: 2100,
          serviceAccount: 'images'
        },
        proxy: { reverse: 'registry-config' }
      }
    })
  })

  test.each([
    [['r.ci/a:1'], 'ci/harbor', 'REQUEST_REFUSED', /none of the tags is in harbor.example/],
    [['harbor.example/a:1'], 'ci/other', 'REGISTRY_UNREACHABLE', /ci\/other cannot be read: there is none of that name/]
  ])('for %j by %s is refused', async (tags, name, code, message) => {
    await expect(plan(tags, name)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
