import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Kube, KubeError, type V1Pod } from '@kaniko-hooks/kube'
import type { V1ContainerStatus, V1PodStatus } from '@kubernetes/client-node'
import type { Context } from '../../context/context.js'
import { readContext } from '../../context/read.js'
import { nodePortRegistry } from '../../destinations/nodeport.js'
import { RegistryDestination } from '../../destinations/registry.js'
import type { BuildRequest } from '../engine.js'
import { KanikoEngine } from './kaniko.js'

let directory: string
let context: Context

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kaniko-'))
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch')
  context = await readContext(directory, 'Dockerfile')
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The pods of a namespace: what was created and not deleted. Nothing ever runs in it. */
class Namespace {
  readonly pods = new Map<string, V1Pod>()
  status: V1PodStatus = {}
  onCreate: (name: string) => Promise<void> = () => Promise.resolve()

  readonly kube = {
    create: async (_: 'pods', pod: V1Pod): Promise<V1Pod> => {
      const name = pod.metadata?.name ?? ''
      await this.onCreate(name)
      this.pods.set(name, pod)
      return pod
    },
    get: (_: 'pods', name: string): Promise<V1Pod> => {
      const pod = this.pods.get(name)
      return pod === undefined
        ? Promise.reject(new KubeError('NOT_FOUND', 'gone', { status: 404 }))
        : Promise.resolve({ ...pod, status: this.status })
    },
    list: () => Promise.resolve([]),
    delete: (_: 'pods', name: string): Promise<boolean> => Promise.resolve(this.pods.delete(name))
  } as unknown as Kube
}

function request(over: Partial<BuildRequest> = {}): BuildRequest {
  const settings = nodePortRegistry({ host: 'r.ci', port: 5000, nodePort: 31500 })
  const targets = [new RegistryDestination(settings).target('x')] as const
  const times = { timeoutMs: 60_000, pushTimeoutMs: 60_000 }
  return { context, handle: 'x', targets, ...times, log: () => undefined, ...over }
}

function engineIn(namespace: Namespace): KanikoEngine {
  const settings = { image: 'k:1', fork: 'google', pushImage: 'c:1', contextImage: 'r:1' } as const
  return new KanikoEngine(namespace.kube, settings, () => 'b')
}

test('a pod that is refused by admission is told with its sentence, as a fault of the configuration', async () => {
  const namespace = new Namespace()
  namespace.onCreate = () => Promise.reject(new KubeError('ADMISSION', 'violates PodSecurity "restricted:latest"'))
  await expect(engineIn(namespace).build(request())).rejects.toMatchObject({
    name: 'BuildError',
    code: 'POD_FAILED',
    fault: 'configuration',
    message: 'the build pod failed: violates PodSecurity "restricted:latest"'
  })
})

test.each([
  ['kaniko', 'engine.kaniko.image'],
  ['push', 'build.pushImage'],
  ['push-2', 'build.pushImage']
])('an image of container %s that cannot be pulled is told with its setting', async (container, setting) => {
  const namespace = new Namespace()
  const waiting = { reason: 'ErrImagePull', message: 'invalid reference format' }
  const status = { name: container, image: 'k:1', state: { waiting } } as V1ContainerStatus
  namespace.status = { phase: 'Pending', containerStatuses: [status] }
  await expect(engineIn(namespace).build(request())).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'configuration',
    message: expect.stringContaining(`and set ${setting}.`)
  })
})

test('an abort ends the build and its pod', async () => {
  const namespace = new Namespace()
  const abort = new AbortController()
  const building = engineIn(namespace).build(request(), abort.signal)
  setTimeout(() => abort.abort(), 20)
  await expect(building).rejects.toMatchObject({ code: 'ABORTED' })
  expect(namespace.pods.size).toBe(0)
})

test('an abort that cuts off the creation deletes the pod that arrives all the same', async () => {
  const namespace = new Namespace()
  const abort = new AbortController()
  namespace.onCreate = name => {
    abort.abort()
    setTimeout(() => namespace.pods.set(name, {}), 10)
    return Promise.reject(new KubeError('ABORTED', 'cut off'))
  }
  await expect(engineIn(namespace).build(request(), abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  expect(namespace.pods.size).toBe(0)
})

test("the build's own limit ends it too, and leaves no pod", async () => {
  const namespace = new Namespace()
  await expect(engineIn(namespace).build(request({ timeoutMs: 20 }))).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'cluster',
    message: expect.stringContaining('did not start')
  })
  expect(namespace.pods.size).toBe(0)
})

test('a pod that somebody deletes is a failure', async () => {
  const namespace = new Namespace()
  const building = engineIn(namespace).build(request())
  setTimeout(() => namespace.pods.clear(), 20)
  await expect(building).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'cluster' })
})

test('what the line cannot build is found without asking anybody', () => {
  const engine = engineIn(new Namespace())
  const platform = { os: 'linux', architecture: 'amd64' }
  const prepared = (dockerfileText: string) => engine.prepare({ ...context, dockerfileText }, platform, {})
  expect(prepared('FROM a\nRUN <<X\nX').findings).toHaveLength(1)
  expect(prepared('FROM a')).toEqual({ context: { ...context, dockerfileText: 'FROM a' }, buildArgs: {}, findings: [] })
})
