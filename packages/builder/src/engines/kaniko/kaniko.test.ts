import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube, type V1Pod } from '@kaniko-hooks/kube'
import { ApiServer, ended, refused, waiting } from '@kaniko-hooks/testing'
import type { Context } from '../../context/context.js'
import { readContext } from '../../context/read.js'
import { nodePortRegistry } from '../../destinations/nodeport.js'
import { RegistryDestination } from '../../destinations/registry.js'
import type { BuildRequest } from '../engine.js'
import { KanikoEngine } from './kaniko.js'

const DIGEST = `sha256:${'e'.repeat(64)}`

let directory: string
let context: Context

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kaniko-'))
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch')
  context = await readContext(directory, 'Dockerfile')
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

let server: ApiServer
let kube: Kube

/** Nothing ever runs in this cluster, unless a test says so. */
beforeEach(async () => {
  server = await ApiServer.start()
  server.onCreate('pods', pod => (pod.status = { phase: 'Pending' }))
  kube = new Kube(server.config)
})

afterEach(async () => {
  kube.close()
  await server.stop()
})

function request(over: Partial<BuildRequest> = {}): BuildRequest {
  const settings = nodePortRegistry({ host: 'r.ci', port: 5000, nodePort: 31500 })
  const targets = [new RegistryDestination(settings).target('x')] as const
  const times = { timeoutMs: 60_000, pushTimeoutMs: 60_000 }
  return { context, handle: 'x', targets, ...times, log: () => undefined, ...over }
}

function engine(): KanikoEngine {
  const settings = { image: 'k:1', fork: 'google', pushImage: 'c:1', contextImage: 'r:1' } as const
  return new KanikoEngine(kube, settings, () => 'b')
}

test('a pod that is refused by admission is told with its sentence, as a fault of the configuration', async () => {
  server.refuse(
    'POST pods',
    refused(403, 'Forbidden', 'pods "b" is forbidden: violates PodSecurity "restricted:latest"')
  )
  await expect(engine().build(request())).rejects.toMatchObject({
    name: 'BuildError',
    code: 'POD_FAILED',
    fault: 'configuration',
    message: expect.stringMatching(
      /^the build pod failed: .*: pods "b" is forbidden: violates PodSecurity "restricted:latest"/
    )
  })
})

test.each([
  ['kaniko', 'engine.kaniko.image'],
  ['push', 'build.pushImage'],
  ['push-2', 'build.pushImage']
])('an image of container %s that cannot be pulled is told with its setting', async (container, setting) => {
  server.onCreate('pods', pod => {
    const spec = { containers: [{ name: container, image: 'k:1' }] }
    pod.status = waiting({ spec }, 'ErrImagePull', 'invalid reference format')
  })
  await expect(engine().build(request())).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'configuration',
    message: expect.stringContaining(`and set ${setting}.`)
  })
})

test('an abort ends the build and its pod', async () => {
  const abort = new AbortController()
  const building = engine().build(request(), abort.signal)
  server.onCreate('pods', () => void setTimeout(() => abort.abort(), 20))
  await expect(building).rejects.toMatchObject({ code: 'ABORTED' })
  expect(server.names('pods')).toEqual([])
})

test('an abort that cuts off the creation deletes the pod that arrives all the same', async () => {
  const abort = new AbortController()
  server.intercept('POST pods', async () => {
    abort.abort()
    await new Promise(resolve => setTimeout(resolve, 10))
  })
  await expect(engine().build(request(), abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  expect(server.names('pods')).toEqual([])
})

describe('a context', () => {
  /** Kaniko has ended, and the kubelet has not yet told the end of the pod. */
  const builtPod = (pod: V1Pod): void => {
    const { containerStatuses = [], ...status } = ended(pod, { kaniko: 0 })
    const terminated = containerStatuses[0]?.state?.terminated
    if (terminated !== undefined) terminated.message = DIGEST
    pod.status = { ...status, phase: 'Running', containerStatuses }
  }

  test('comes with its pod, whose end is not waited for once Kaniko said what it made', async () => {
    server.onCreate('pods', builtPod)
    server.logs.print('b', 'kaniko', 'a line')
    const lines: string[] = []
    const image = await engine().build(request({ log: line => void lines.push(line) }))
    expect([image.digest, lines]).toEqual([DIGEST, ['a line']])
    expect(server.asked.slice(0, 2)).toEqual(['POST secrets', 'POST pods'])
    expect(server.asked.filter(asked => asked.includes('exec'))).toEqual([])
    expect([server.names('pods'), server.names('secrets')]).toEqual([[], []])
  })

  test('that no Secret can have is sent to a container of the pod that runs', async () => {
    const large = mkdtempSync(join(tmpdir(), 'large-'))
    writeFileSync(join(large, 'Dockerfile'), 'FROM scratch')
    writeFileSync(join(large, 'file'), Buffer.alloc(1024 * 1024))
    let names: (string | undefined)[] = []
    const abort = new AbortController()
    server.onCreate('pods', pod => {
      names = pod.spec?.initContainers?.map(({ name }) => name) ?? []
      pod.status = { phase: 'Pending' }
      setTimeout(() => abort.abort(), 20)
    })
    const building = engine().build(request({ context: await readContext(large, 'Dockerfile') }), abort.signal)
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' })
    expect(names).toEqual(['context'])
    expect(server.asked).not.toContain('POST secrets')
    rmSync(large, { recursive: true })
  })

  test('whose pod its node rejects goes with that pod', async () => {
    const seen: string[] = []
    let tried = 0
    server.onCreate('pods', pod => {
      seen.push(server.names('secrets').join(' '))
      if (++tried === 1) pod.status = { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'no device' }
      else builtPod(pod)
    })
    let made = 0
    const settings = { image: 'k:1', fork: 'google', pushImage: 'c:1', contextImage: 'r:1' } as const
    await new KanikoEngine(kube, settings, () => `b-${++made}`).build(request())
    expect(seen).toEqual(['b-1', 'b-2'])
    expect(server.names('secrets')).toEqual([])
  })
})

test("the build's own limit ends it too, and leaves no pod", async () => {
  await expect(engine().build(request({ timeoutMs: 500 }))).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'cluster',
    message: expect.stringContaining('did not start')
  })
  expect(server.names('pods')).toEqual([])
})

test('a pod that its node rejects before it takes the context is created again, at most three times', async () => {
  const made: string[] = []
  server.onCreate('pods', pod => {
    made.push(pod.metadata?.name ?? '')
    pod.status = { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'no device' }
  })
  const lines: string[] = []
  const failing = engine().build(request({ log: line => void lines.push(line) }))
  await expect(failing).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'cluster' })
  expect(made).toHaveLength(4)
  expect(lines.filter(line => line.includes('It is created again'))).toHaveLength(3)
  expect(server.names('pods')).toEqual([])
})

test('a pod that somebody deletes is a failure', async () => {
  server.onCreate('pods', () => void setTimeout(() => server.remove('pods', 'b'), 20))
  await expect(engine().build(request())).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'cluster' })
})

test('what the line cannot build is found without asking anybody', () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const prepared = (dockerfileText: string) => engine().prepare({ ...context, dockerfileText }, platform, {})
  expect(prepared('FROM a\nCOPY --parents a b').findings).toHaveLength(1)
  expect(prepared('FROM a')).toEqual({ context: { ...context, dockerfileText: 'FROM a' }, buildArgs: {}, findings: [] })
})
