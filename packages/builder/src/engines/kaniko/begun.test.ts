import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube, type V1Pod } from '@kaniko-hooks/kube'
import { ApiServer, ended, running, refused } from '@kaniko-hooks/testing'
import type { Context } from '../../context/context.js'
import { readContext } from '../../context/read.js'
import { nodePortRegistry } from '../../destinations/nodeport.js'
import { RegistryDestination } from '../../destinations/registry.js'
import { LostBuild, type BuildRequest, type BuiltImage } from '../engine.js'
import { unpackScript } from '../pod/receive-script.js'
import type { BuildPodSettings } from '../pod/settings.js'
import { KanikoEngine } from './kaniko.js'

const DIGEST = `sha256:${'e'.repeat(64)}`

let directory: string
let context: Context
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kaniko-'))
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch')
  context = await readContext(directory, 'Dockerfile')
})
afterAll(() => rmSync(directory, { recursive: true }))

let server: ApiServer
let kube: Kube
let log: string[]
beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config, { retryForMs: 500 })
  log = []
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

function request(access?: BuildRequest['targets'][number]['access']): BuildRequest {
  const settings = nodePortRegistry({ host: 'r.ci', port: 5000, nodePort: 31500 })
  const target = new RegistryDestination({ ...settings, ...(access && { access }) }).target('x')
  const times = { timeoutMs: 5_000, pushTimeoutMs: 5_000 }
  return { context, handle: 'x', targets: [target], ...times, log: line => void log.push(line) }
}

function withContext(over: Partial<Context>): BuildRequest {
  return { ...request(), context: { ...context, ...over } }
}

const LINK = { kind: 'symlink', path: 'link', mode: 0o777, mtimeMs: 0, target: '../x' } as const

const WITH_SECRET = { kind: 'docker-config', secret: 'push' } as const

function engine(pod: BuildPodSettings = {}): KanikoEngine {
  const settings = { image: 'k:1', fork: 'google', pushImage: 'c:1', contextImage: 'r:1', pod } as const
  return new KanikoEngine(kube, settings, () => 'b')
}

describe('a build that is started', () => {
  const pending = (pod: V1Pod): unknown => (pod.status = { phase: 'Pending' })

  test('has its context with it, and waits for nothing: neither for room nor for the kubelet', async () => {
    server.onCreate('pods', pending)
    const builder = engine()
    const name = builder.reserve()
    await builder.start(name, request())
    expect(server.asked).toEqual(['POST secrets', `POST pods`])
    const pod = server.get('pods', name)
    expect(pod?.spec?.volumes).toContainEqual({ name: 'archive', secret: { secretName: name, defaultMode: 0o400 } })
    const mounted = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])].filter(container =>
      container.volumeMounts?.some(mount => mount.name === 'archive')
    )
    expect(mounted.map(container => container.name)).toEqual(['kaniko'])
    const archive = gunzipSync(Buffer.from(server.get('secrets', name)?.data?.['context.tar.gz'] ?? '', 'base64'))
    const names = execFileSync('tar', ['-t'], { input: archive }).toString().trim().split('\n')
    expect(names).toEqual(['Dockerfile', 'Dockerfile.dockerignore', 'context/Dockerfile', 'context/'])
  })

  test.each<[string, () => BuildRequest]>([
    ['others push', () => request(WITH_SECRET)],
    ['a link leads somewhere', () => withContext({ entries: [...context.entries, LINK] })],
    [
      'a text of the Dockerfile lies beside it',
      () => withContext({ inlineFiles: [{ path: 'inline/a', mode: 0o644, content: '' }] })
    ]
  ])('where %s, a container before Kaniko unpacks it', async (_, wanted) => {
    server.onCreate('pods', pending)
    await engine().start('b', wanted())
    const { initContainers = [] } = server.get('pods', 'b')?.spec ?? {}
    const [first] = initContainers
    expect([first?.name, first?.volumeMounts?.map(({ name }) => name)]).toEqual([
      'context',
      expect.arrayContaining(['context', 'archive'])
    ])
    const directory = mkdtempSync(join(tmpdir(), 'unpacked-'))
    const archive = join(directory, 'a.tar')
    writeFileSync(archive, Buffer.from(server.get('secrets', 'b')?.data?.['context.tar'] ?? '', 'base64'))
    execFileSync('sh', ['-c', unpackScript(archive, join(directory, 'tree'))])
    expect(readdirSync(join(directory, 'tree/context'))).toContain('Dockerfile')
    expect(readdirSync(directory).sort()).toEqual(['a.tar', 'tree'])
    rmSync(directory, { recursive: true })
  })

  test('belongs to whom the pod belongs', async () => {
    const labels = { 'runner-pod': 'me' }
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'me', uid: 'u' }]
    await engine({ labels, ownerReferences }).start('b', request())
    expect(server.get('secrets', 'b')?.metadata).toMatchObject({ labels, ownerReferences })
  })

  describe('with a large context', () => {
    let large: string
    beforeEach(() => {
      large = mkdtempSync(join(tmpdir(), 'large-'))
      writeFileSync(join(large, 'Dockerfile'), 'FROM scratch')
    })
    afterEach(() => rmSync(large, { recursive: true }))

    async function start(bytes: Buffer, access?: typeof WITH_SECRET): Promise<void> {
      writeFileSync(join(large, 'file'), bytes)
      return engine().start('b', { ...request(access), context: await readContext(large, 'Dockerfile') })
    }

    test.each([
      ['Kaniko', 'context.tar.gz', undefined],
      ['a container before it', 'context.tar', WITH_SECRET]
    ] as const)('has it compressed, also where %s unpacks it', async (_, key, access) => {
      const text = Buffer.alloc(3 * 1024 * 1024, 'the words of a README\n')
      await start(text, access)
      const archive = Buffer.from(server.get('secrets', 'b')?.data?.[key] ?? '', 'base64')
      expect(archive.length).toBeLessThan(900 * 1024)
      writeFileSync(join(large, 'a.tar'), archive)
      execFileSync('sh', ['-c', unpackScript(join(large, 'a.tar'), join(large, 'tree'))])
      expect(readFileSync(join(large, 'tree/context/file')).equals(text)).toBe(true)
    })

    test.each([
      ['cannot be compressed far enough', randomBytes(1024 * 1024)],
      ['is not even tried', Buffer.alloc(5 * 1024 * 1024)]
    ])('that %s is not started', async (_what, bytes) => {
      await expect(start(bytes)).rejects.toMatchObject({ code: 'CONTEXT_FAILED' })
      expect(server.asked).not.toContain('POST secrets')
    })
  })

  test('and cut off keeps its context, as its pod may come yet', async () => {
    const abort = new AbortController()
    server.intercept('POST pods', () => {
      abort.abort()
      return 'cut'
    })
    await expect(engine().start('b', request(), abort.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.names('secrets')).toEqual(['b'])
  })

  test('that is refused says why', async () => {
    server.refuse('POST pods', refused(403, 'Forbidden', 'violates PodSecurity'))
    await expect(engine().start('b', request())).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('violates PodSecurity')
    })
    expect([server.names('pods'), server.names('secrets')]).toEqual([[], []])
  })
})

describe('the end of a build that went on alone', () => {
  /** The pod of a build as somebody started it, and what became of the pod. */
  function put(build: BuildRequest, become: (pod: V1Pod) => V1Pod['status']): void {
    const apart = build.targets[0]?.access !== undefined
    const named = (name: string) => ({ name, image: 'i' })
    const pod: V1Pod = {
      metadata: { name: 'b' },
      spec: apart
        ? { initContainers: ['context', 'kaniko'].map(named), containers: [named('push')] }
        : { initContainers: [named('context')], containers: [named('kaniko')] }
    }
    server.onCreate('pods', made => Object.assign(made, { status: become(made) }))
    server.put('pods', pod)
    server.logs.print('b', 'kaniko', 'first line', 'last line')
  }

  const say = (status: V1Pod['status'], container: string, message: string): V1Pod['status'] => {
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    const terminated = all.find(({ name }) => name === container)?.state?.terminated
    if (terminated !== undefined) terminated.message = message
    return status
  }

  async function follow(build = request()): Promise<BuiltImage> {
    return engine().follow('b', build)
  }

  test('has the digest that Kaniko said, the log from its first line, and the pod is gone', async () => {
    put(request(), pod => say(ended(pod, { kaniko: 0 }), 'kaniko', DIGEST))
    server.put('secrets', { metadata: { name: 'b' } })
    expect((await follow()).digest).toBe(DIGEST)
    expect(log).toEqual(['first line', 'last line'])
    expect([server.names('pods'), server.names('secrets')]).toEqual([[], []])
  })

  test('has the digest that was pushed, if it is the one that was built', async () => {
    const build = request(WITH_SECRET)
    const become = (pushed: string) => (pod: V1Pod) =>
      say(say(ended(pod, { push: 0 }), 'kaniko', DIGEST), 'push', `r.ci:5000/x@${pushed}`)
    put(build, become(DIGEST))
    expect((await follow(build)).digest).toBe(DIGEST)
    put(build, become(`sha256:${'f'.repeat(64)}`))
    await expect(follow(build)).rejects.toMatchObject({
      code: 'PUSH_FAILED',
      message: expect.stringContaining('another image was pushed')
    })
  })

  test('is waited for while it goes on', async () => {
    put(request(), running)
    setTimeout(() => {
      const pod = server.get('pods', 'b')
      if (pod !== undefined) pod.status = say(ended(pod, { kaniko: 0 }), 'kaniko', DIGEST) ?? {}
    }, 50)
    expect((await follow()).digest).toBe(DIGEST)
  })

  test('is a failure in the words of any build', async () => {
    put(request(), pod => ended(pod, { kaniko: 1 }))
    const failing = follow()
    await expect(failing).rejects.toMatchObject({ code: 'DOCKERFILE_FAILED' })
    expect(server.names('pods')).toEqual([])
  })

  test.each<[string, (pod: V1Pod) => V1Pod['status']]>([
    [
      'was evicted',
      pod => ({ ...say(ended(pod, { kaniko: 0 }), 'kaniko', DIGEST), reason: 'Evicted', phase: 'Failed' })
    ],
    [
      'is being deleted',
      pod => {
        Object.assign(pod.metadata ?? {}, { deletionTimestamp: new Date() })
        return say(ended(pod, { kaniko: 0 }), 'kaniko', DIGEST)
      }
    ]
  ])('is lost when its pod %s, whatever digest stands there', async (_what, become) => {
    put(request(), become)
    await expect(follow()).rejects.toMatchObject({ code: 'POD_FAILED', cause: expect.any(LostBuild) })
  })

  test('is lost when its node lost the container that pushes', async () => {
    const build = request(WITH_SECRET)
    put(build, pod => {
      const status = say(ended(pod, { push: 137 }), 'kaniko', DIGEST)
      const [pushing] = status?.containerStatuses ?? []
      Object.assign(pushing?.state?.terminated ?? {}, { reason: 'ContainerStatusUnknown' })
      return status
    })
    await expect(follow(build)).rejects.toMatchObject({ code: 'POD_FAILED', cause: expect.any(LostBuild) })
  })

  test('is lost when its context could not be unpacked: somebody who attends sends it anew', async () => {
    const part = { image: 'i', imageID: 'i', ready: false, restartCount: 0 }
    put(request(), () => ({
      phase: 'Failed',
      initContainerStatuses: [{ ...part, name: 'context', state: { terminated: { exitCode: 65, reason: 'Error' } } }],
      containerStatuses: [{ ...part, name: 'kaniko', state: { waiting: { reason: 'PodInitializing' } } }]
    }))
    await expect(follow()).rejects.toMatchObject({ code: 'POD_FAILED', cause: expect.any(LostBuild) })
  })

  test('is lost when its pod is gone', async () => {
    await expect(follow()).rejects.toMatchObject({ code: 'POD_FAILED', cause: expect.any(LostBuild) })
  })

  test('is a timeout when the kubelet ended it', async () => {
    put(request(), pod => ({ ...ended(pod, { kaniko: 137 }), reason: 'DeadlineExceeded', phase: 'Failed' }))
    await expect(follow()).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('longer than 5 s')
    })
  })
})
