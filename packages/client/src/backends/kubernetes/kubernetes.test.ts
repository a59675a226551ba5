import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Secret } from '@kaniko-hooks/kube'
import { ApiServer, refused } from '@kaniko-hooks/testing'
import type { Backend, Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { imageBuild } from './build.fixture.js'
import { KubernetesBackend } from './kubernetes.js'
import type { KubernetesSettings } from './settings.js'

const REGISTRY = 'r.example'
const LISTENER: Listener = { line: () => undefined, phase: () => undefined }

let server: ApiServer
let home: string

/** Nothing ever runs in this cluster. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  writeFileSync(join(home, 'Dockerfile'), 'FROM scratch')
  server = await ApiServer.start()
  server.onCreate('pods', pod => (pod.status = { phase: 'Pending' }))
  const { origin } = server.config.server
  writeFileSync(
    join(home, 'config'),
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: server.config.namespace } }],
      clusters: [{ name: 'c', cluster: { server: origin } }],
      users: [{ name: 'u', user: { token: 't' } }]
    })
  )
})

afterEach(async () => {
  rmSync(home, { recursive: true, force: true })
  await server.stop()
})

function backend(more: Partial<KubernetesSettings> = {}): Backend {
  const auth = JSON.stringify({ auths: { [REGISTRY]: { auth: btoa('u:canary-push') } } })
  return new KubernetesBackend({
    env: { HOME: home, KUBECONFIG: join(home, 'config'), DOCKER_AUTH_CONFIG: auth },
    ...more
  })
}

const request = (over: Partial<ImageBuild> = {}): ImageBuild =>
  imageBuild({
    context: { kind: 'directory', path: home },
    tags: [`${REGISTRY}/a:1`, `${REGISTRY}/a:2`, `${REGISTRY}/b:1`],
    push: true,
    secrets: [{ id: 'npm', value: Buffer.from('canary-npm') }],
    ...over
  })

/** Builds until all Secrets are there, and aborts. */
async function buildUntilSecrets(count: number): Promise<readonly V1Secret[]> {
  const abort = new AbortController()
  const made: V1Secret[] = []
  server.onCreate('secrets', secret => {
    // The context is no secret; its Secret comes before the pod.
    if (Object.keys(secret.data ?? {}).some(key => key.startsWith('context.'))) return
    made.push(secret)
    if (made.length === count) setTimeout(() => abort.abort(), 20)
  })
  await expect(backend().build(request(), LISTENER, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  return made
}

const textOf = ({ data = {} }: V1Secret, key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8')

describe('the Secrets of a build', () => {
  test('are made after its pod, which owns them, one for each place of the image and one for RUN', async () => {
    const made = await buildUntilSecrets(3)
    const [context, pod, ...secrets] = server.asked.filter(line => line.startsWith('POST '))
    expect([context, pod]).toEqual(['POST secrets', 'POST pods'])
    expect(secrets).toEqual(['POST secrets', 'POST secrets', 'POST secrets'])
    const names = made.map(({ metadata }) => metadata?.name?.replace(/^kbuild-[0-9a-f]{8}/, ''))
    expect(names.sort()).toEqual(['-push-0', '-push-1', '-secrets'])
    for (const { metadata } of made)
      expect(metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', apiVersion: 'v1' }])
    const push = made.find(({ metadata }) => metadata?.name?.endsWith('push-0'))
    expect(textOf(push ?? {}, '.dockerconfigjson')).toBe(
      `{"auths":{"${REGISTRY}":{"auth":"${btoa('u:canary-push')}"}}}`
    )
    expect(textOf(made.find(({ metadata }) => metadata?.name?.endsWith('-secrets')) ?? {}, '0')).toBe('canary-npm')
  })

  test('are gone after an abort, like the pod', async () => {
    await buildUntilSecrets(3)
    expect([server.names('pods'), server.names('secrets')]).toEqual([[], []])
  })

  test('are nowhere in the pod itself', async () => {
    const pods: string[] = []
    server.onCreate('pods', pod => {
      pods.push(JSON.stringify(pod))
      pod.status = { phase: 'Pending' }
    })
    await buildUntilSecrets(3)
    expect(pods.join()).toMatch(/push-0/)
    expect(pods.join()).not.toMatch(/canary/)
  })

  test('that are refused take the pod along, and the refusal is told', async () => {
    server.refuse('POST secrets', refused(403, 'Forbidden', 'secrets is forbidden: no right'), 9)
    const building = backend().build(request(), LISTENER, new AbortController().signal)
    await expect(building).rejects.toMatchObject({
      code: 'POD_FAILED',
      fault: 'configuration',
      message: expect.stringContaining('secrets is forbidden: no right')
    })
    expect(server.names('pods')).toEqual([])
  })

  test('are made anew for a pod that takes the place of one that its node rejected', async () => {
    let pods = 0
    server.onCreate('pods', pod => {
      pod.status =
        ++pods === 1
          ? { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'no device' }
          : { phase: 'Pending' }
    })
    const made = await buildUntilSecrets(6)
    const owners = made.map(({ metadata }) => metadata?.ownerReferences?.[0]?.name)
    expect(new Set(owners).size).toBe(2)
    // A cluster's garbage collector takes its time; the names must be free.
    const second = server.asked.map(line => line.replace(/\/.*/, '')).lastIndexOf('POST pods')
    expect(
      server.asked
        .slice(second)
        .filter(line => /^(?:DELETE|POST) secrets/.test(line))
        .slice(0, 6)
    ).toEqual([
      ...[1, 2, 3].map(() => expect.stringMatching(/^DELETE secrets/) as unknown),
      ...[1, 2, 3].map(() => 'POST secrets')
    ])
    expect(owners.slice(3).every(name => name === owners[3])).toBe(true)
    expect(server.names('secrets')).toEqual([])
  })
})

describe('a build whose caller is killed', () => {
  test('is told by the name of its pod before there is one, and is removed by that name', async () => {
    const names: string[] = []
    const abort = new AbortController()
    server.onCreate('pods', pod => {
      expect(names).toEqual([pod.metadata?.name])
      pod.status = { phase: 'Pending' }
      setTimeout(() => abort.abort(), 20)
    })
    const listener = { ...LISTENER, started: (name: string) => void names.push(name) }
    await expect(backend().build(request(), listener, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    const [name = ''] = names
    // As it would be there after a kill.
    server.put('pods', { metadata: { name } })
    server.put('secrets', { metadata: { name } })
    await backend().cancel?.(name)
    expect(server.names('pods')).toEqual([])
    expect(server.names('secrets')).toEqual([])
    // It is no error when it has ended by itself.
    await backend().cancel?.(name)
  })

  test.each(['runner-1', 'kbuild-1234567', 'kbuild-12345678/../x', ''])('%j is no such build', async name => {
    server.put('pods', { metadata: { name: 'runner-1' } })
    await expect(backend().cancel?.(name)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    expect(server.asked).toEqual([])
  })
})

describe('before there is a pod', () => {
  const refusedWith = async (over: Partial<ImageBuild>, expected: object): Promise<void> => {
    const building = backend().build(request(over), LISTENER, new AbortController().signal)
    await expect(building).rejects.toMatchObject(expected)
    expect(server.names('pods')).toEqual([])
    expect(server.asked.filter(line => line.startsWith('POST'))).toEqual([])
  }

  test.each([
    ['an argument that is ours', { engineArgs: ['--destination=x'] }, /--destination is set by/],
    ['a stage that is not there', { target: 'nowhere' }, /no stage "nowhere"/],
    ['another system', { platform: 'windows/amd64' }, /"windows\/amd64" is not built/],
    ['several platforms', { platform: 'linux/amd64,linux/arm64' }, /build once for each/],
    ['an impossible id', { secrets: [{ id: 'a,src=/etc', value: Buffer.from('') }] }, /is not the id of a secret/]
  ])('%s is refused', async (_, over, message) => {
    await refusedWith(over, { code: 'REQUEST_REFUSED', fault: 'user', message: expect.stringMatching(message) })
  })

  test('an instruction that would be built otherwise than by Docker is told', async () => {
    writeFileSync(join(home, 'Dockerfile'), 'FROM scratch\nCOPY --parents a b')
    await refusedWith({}, { code: 'DOCKERFILE_UNSUPPORTED', message: expect.stringContaining('line 2') })
    // Not, where it is in a stage that is not asked for.
    writeFileSync(join(home, 'Dockerfile'), 'FROM scratch AS one\nFROM scratch\nCOPY --parents a b')
    await expect(
      backend().build(request({ target: 'one', timeoutMs: 300 }), LISTENER, new AbortController().signal)
    ).rejects.toMatchObject({ code: 'POD_FAILED' })
  })
})

describe('whether it can build here', () => {
  test('tells that nothing is configured', async () => {
    expect(await new KubernetesBackend({ env: { HOME: home } }).missing()).toMatch(/there is no kubeconfig/)
  })

  test('does not wait for a server that does not answer', async () => {
    let release = (): void => undefined
    const held = new Promise<undefined>(resolve => (release = () => resolve(undefined)))
    server.intercept(/selfsubjectaccessreviews/, () => held)
    expect(await backend().missing()).toMatch(/did not answer within 2.5 s/)
    expect(await backend().missing(50)).toMatch(/did not answer within 0.05 s/)
    release()
  })

  test('is a question that changes nothing', async () => {
    expect(await backend().missing()).toBeUndefined()
    expect(new Set(server.asked)).toEqual(new Set(['POST selfsubjectaccessreviews']))
  })

  test('asks for the connector, too, where it lies', async () => {
    await backend({ connector: { name: 'ci/harbor', serviceAccount: 'images' } }).missing()
    expect(server.sightings.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({
        spec: {
          resourceAttributes: {
            ...{ verb: 'get', resource: 'connectors', group: 'connectors.alauda.io', name: 'harbor', namespace: 'ci' }
          }
        }
      })
    )
  })
})
