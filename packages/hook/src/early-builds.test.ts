import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { BuildError } from '@kaniko-hooks/builder'
import { DummyEngine, type DummyBehaviour } from '@kaniko-hooks/builder/dummy'
import { KubeError } from '@kaniko-hooks/kube'
import { type FakeRegistry, quotaExceeded, refused, running, servers } from '@kaniko-hooks/testing'

import { cleanupJob } from './cleanup-job.js'
import { Bench, container, RUNNER, type CallOptions } from './job/call.fixture.js'
import { openJob } from './job/open-job.js'
import { prepareJob } from './prepare-job.js'
import type { Response } from './protocol/response.js'
import { provideImage } from './images/provide-image.js'
import type { ImageRecord } from './images/records/record.js'

const DIGEST = `sha256:${'d'.repeat(64)}`
const PUSH = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }
const DOCKERFILE = '_actions/octo/tool/v1/Dockerfile'

let bench: Bench
let registry: FakeRegistry
/** What the registry answers in place of a good answer. */
let answer: number | undefined
const serve = servers()
beforeEach(async () => {
  bench = await Bench.start()
  answer = undefined
  registry = await serve(({ method }, response) => {
    response.writeHead(answer ?? (method === 'HEAD' ? 200 : 202), { 'docker-content-digest': DIGEST }).end()
  })
  download('octo/tool/v1', 'FROM scratch\nCOPY . /\n')
})
afterEach(async () => bench.stop())

function download(name: string, dockerfile: string): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(bench.work, '_actions', path)), { recursive: true })
    writeFileSync(join(bench.work, '_actions', path), text)
  }
  write(`${name}/action.yml`, 'runs: { using: docker, image: Dockerfile }\n')
  write(`${name}/Dockerfile`, dockerfile)
  write(`${name}.completed`, 'now')
}

interface Options extends CallOptions {
  readonly build?: object
}

function callOf({ build, ...options }: Options) {
  const destinations = [{ remote: { repository: `${registry.host}/kaniko/actions`, plainHttp: true } }]
  return bench.call({ ...options, settings: { destinations, ...(build && { build }), ...options.settings } })
}

async function prepare(engine: DummyEngine, options: Options = {}): Promise<Response> {
  const args = { container: container({ image: 'debian:12' }), services: [] }
  const command = { command: 'prepare_job', responseFile: '/r', state: null, args } as const
  return prepareJob(callOf(options), command, () => Promise.resolve(engine))
}

/** What the step gets that uses the action. */
async function provide(engine: DummyEngine, options: Options = {}): Promise<string> {
  const call = callOf(options)
  const image = await provideImage(call, await openJob(call), join(bench.work, DOCKERFILE), {}, () =>
    Promise.resolve(engine)
  )
  return image.pullRef
}

function records(): ImageRecord[] {
  return bench.server
    .all('secrets')
    .flatMap(({ data }) =>
      data?.['record'] === undefined
        ? []
        : [JSON.parse(Buffer.from(data['record'], 'base64').toString()) as ImageRecord]
    )
}

const notes = (): string => bench.noted.join('\n')

describe('with the job', () => {
  test('the build of a downloaded action begins, noted before, and the job tells of it', async () => {
    const engine = new DummyEngine()
    await prepare(engine)
    expect([...engine.started.keys()]).toEqual(['dummy-1'])
    expect(records()).toMatchObject([{ begun: { name: 'dummy-1', shared: false }, images: [{}] }])
    expect(bench.printed.at(-1)).toBe(`The image of ${DOCKERFILE} is being built meanwhile.`)
    const { asked } = bench.server
    expect(asked.lastIndexOf('POST secrets')).toBeGreaterThan(asked.indexOf('POST pods'))
  })

  test('a build does not wait until the job is ready, whose image may be long on its way', async () => {
    const engine = new DummyEngine()
    bench.server.onCreate('pods', pod => {
      pod.status = { phase: 'Pending' }
      engine.onStart = () => Object.assign(pod, { status: running(pod) })
    })
    await prepare(engine)
    expect(engine.started.size).toBe(1)
  })

  test('as many begin as the settings allow, and two actions with the same files have one', async () => {
    download('octo/other/v1', 'FROM scratch\nCOPY . /other\n')
    download('octo/same/v1', 'FROM scratch\nCOPY . /other\n')
    download('octo/third/v1', 'FROM scratch\nCOPY . /third\n')
    const engine = new DummyEngine()
    await prepare(engine)
    expect(engine.started.size).toBe(2)
    const more = new DummyEngine()
    await prepare(more, { build: { maxEarly: 9 } })
    expect(more.started.size).toBe(3)
  })

  test.each([
    ['it is off', { build: { early: false } }],
    ['its account is one that RUN lines get', { build: { connectors: [{ name: 'c', serviceAccount: 'builder' }] } }]
  ])('nothing begins when %s', async (_why, options) => {
    const file = join(bench.home, 'template.yaml')
    writeFileSync(file, 'spec: { containers: [{ name: $build, serviceAccountName: builder }] }\n')
    const engine = new DummyEngine()
    await prepare(engine, { ...options, env: { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: file } })
    expect(engine.started.size).toBe(0)
  })

  test('what an account of a connector lends to RUN lines ends with its build: such a build does not begin', async () => {
    download('octo/tool/v1', 'FROM base.example/image\n')
    const connectors = [{ name: 'c', serviceAccount: 'bases', registries: ['base.example'], address: 'http://c/x' }]
    const engine = new DummyEngine()
    await prepare(engine, { build: { connectors } })
    expect(engine.started.size).toBe(0)
    expect(notes()).toContain('its base images come through a connector')
    expect(records()).toEqual([])
  })

  test('an image that an earlier job kept is not built', async () => {
    const options = { settings: { image: { keep: '1h' } }, env: PUSH }
    await provide(new DummyEngine(), options)
    bench.server.put('pods', bench.runner('second'))
    const engine = new DummyEngine()
    await prepare(engine, { ...options, runnerPod: 'second' })
    expect(engine.started.size).toBe(0)
  })
})

describe('what goes wrong is no fault of the job', () => {
  test.each<[string, DummyBehaviour]>([
    ['cannot begin', { startFailure: new BuildError('POD_FAILED', 'violates PodSecurity') }],
    ['would get a line wrong', { findings: [{ line: 1, instruction: 'X', problem: 'p', advice: 'a' }] }]
  ])('a build that %s leaves nothing, and the step builds', async (_what, behaviour) => {
    const { context } = await prepare(new DummyEngine(behaviour))
    expect(context?.container).toBeDefined()
    expect(records()).toEqual([])
    expect(bench.printed.filter(line => line.includes('image of'))).toEqual([])
    expect(notes()).toContain(`${DOCKERFILE} is left to its step`)
    const engine = new DummyEngine()
    expect(await provide(engine)).toContain(DIGEST)
    expect([engine.followed, engine.requests.length]).toEqual([[], 1])
  })

  test('a build that was given up in the middle of a request stays noted: its pod may come after all', async () => {
    await prepare(new DummyEngine({ startHangs: true }))
    expect(notes()).toContain(`${DOCKERFILE} is left to its step`)
    expect(records()).toMatchObject([{ begun: { name: 'dummy-1' } }])
    const engine = new DummyEngine({ knows: new Set(['dummy-1']) })
    expect(await provide(engine)).toContain(DIGEST)
    expect(engine.followed).toEqual(['dummy-1'])
  })

  test('so does one of which nobody knows what became of its request', async () => {
    const cause = new KubeError('UNREACHABLE', 'no answer')
    await prepare(new DummyEngine({ startFailure: new BuildError('POD_FAILED', 'no answer', { cause }) }))
    expect(records()).toMatchObject([{ begun: { name: 'dummy-1' } }])
  })

  test('neither a registry that refuses, nor a record that cannot be written', async () => {
    answer = 403
    const engine = new DummyEngine()
    await prepare(engine)
    answer = undefined
    bench.server.intercept(/^POST pods/, () => bench.server.refuse('POST secrets', quotaExceeded('secrets', 's')))
    await expect(prepare(engine)).resolves.toBeDefined()
    expect(engine.started.size).toBe(0)
  })

  test('nor a cluster that does not answer, after the job is ready, what only a build asks', async () => {
    bench.server.intercept(/^POST pods/, () =>
      bench.server.intercept('POST secrets', () => new Promise(() => undefined), 1)
    )
    const engine = new DummyEngine()
    await expect(prepare(engine)).resolves.toBeDefined()
    expect(engine.started.size).toBe(0)
  })

  test('nor does a job that fails wait for a cluster that does not answer', async () => {
    bench.server.exec = async ({ print }) => print('missing dd\n').then(() => 0)
    bench.server.intercept(/^POST pods/, () =>
      bench.server.intercept('POST secrets', () => new Promise(() => undefined), 1)
    )
    await expect(prepare(new DummyEngine())).rejects.toMatchObject({ code: 'JOB_CONTAINER' })
  })

  test('a job that fails takes them along', async () => {
    bench.server.exec = async ({ print }) => print('missing dd\n').then(() => 0)
    const engine = new DummyEngine({ startHangs: true })
    await expect(prepare(engine)).rejects.toMatchObject({ code: 'JOB_CONTAINER' })
    expect(engine.started.size).toBe(0)
  })
})

describe('the step that wants the image', () => {
  test('follows the build that goes on, shows its log and records the digest', async () => {
    const engine = new DummyEngine({ lines: ['Step 1'] })
    await prepare(engine)
    const before = records()[0]?.images[0]?.pushRef
    expect(await provide(engine)).toBe(`${registry.host}/kaniko/actions@${DIGEST}`)
    expect([engine.followed, engine.requests[0]?.targets[0]?.pushRef]).toEqual([['dummy-1'], before])
    expect(bench.printed).toContain('Step 1')
    expect(bench.printed.at(-1)).toMatch(/^Built since the job began; this step waited .*@sha256:d/)
    expect(records()).toMatchObject([{ images: [{ pushRef: before, digest: DIGEST }] }])
    expect(records()[0]).not.toHaveProperty('begun')
    expect(await provide(engine)).toContain(DIGEST)
    expect(engine.followed).toHaveLength(1)
  })

  test('fails in the words of the build, and the next one builds again', async () => {
    const failure = new BuildError('DOCKERFILE_FAILED', 'line 2 failed')
    const engine = new DummyEngine({ failure })
    await prepare(engine)
    await expect(provide(engine)).rejects.toBe(failure)
    expect(bench.printed.at(-1)).toMatch(/^Failed after /)
    await expect(provide(engine)).rejects.toBe(failure)
    expect([engine.followed.length, engine.requests.length]).toEqual([1, 2])
    expect(bench.printed.join('\n')).not.toContain('began with the job')
    const next = new DummyEngine()
    expect(await provide(next)).toContain(DIGEST)
    expect(next.requests).toHaveLength(1)
  })

  test('says what was found out before it came: why the image is not shared', async () => {
    download('octo/tool/v1', 'FROM unknown.example/base\n')
    const options = { settings: { image: { keep: '1h' } }, env: PUSH }
    const engine = new DummyEngine()
    await prepare(engine, options)
    const hint = expect.stringMatching(/^The image is not shared with other jobs: unknown.example\/base could not be/)
    expect(bench.printed).not.toContainEqual(hint)
    await provide(engine, options)
    expect([engine.followed, bench.printed.filter(line => line.startsWith('The image is not'))]).toEqual([
      ['dummy-1'],
      [hint]
    ])
  })

  test('builds again what was taken away', async () => {
    await prepare(new DummyEngine())
    const engine = new DummyEngine({ knows: new Set() })
    expect(await provide(engine)).toContain(DIGEST)
    expect([engine.followed, engine.requests.length]).toEqual([[], 1])
    expect(bench.printed).toContain(
      'The build that began with the job did not come to its end (it is gone); the image is built again.'
    )
  })

  test('is one of as many as without early builds: what nobody wanted, or was taken away, does not count', async () => {
    const options = { build: { maxPerJob: 1 } }
    const begun = new DummyEngine()
    await prepare(begun, options)
    const lost = new DummyEngine({ knows: new Set() })
    expect(await provide(lost, options)).toContain(DIGEST)
    await prepare(begun, options)
    download('octo/tool/v1', 'FROM scratch\nCOPY . /other\n')
    expect(await provide(begun, options)).toContain(DIGEST)
    download('octo/tool/v1', 'FROM scratch\nCOPY . /\n')
    await expect(provide(begun, options)).rejects.toThrow(/build.maxPerJob is 1/)
    expect(begun.followed).toEqual([])
  })

  test('builds for itself when a file has changed since, or the job is another', async () => {
    const begun = new DummyEngine()
    await prepare(begun)
    const other = new DummyEngine({ knows: new Set(['dummy-1']) })
    await provide(other, { env: { GITHUB_RUN_ATTEMPT: '2' } })
    writeFileSync(join(bench.work, DOCKERFILE), 'FROM scratch\nCOPY . /changed\n')
    await provide(other)
    expect([other.followed, other.requests.length]).toEqual([[], 2])
  })

  test('keeps the image for whom its base images were looked up', async () => {
    const options = { settings: { image: { keep: '1h' } }, env: PUSH }
    const engine = new DummyEngine()
    await prepare(engine, options)
    expect(records()).toMatchObject([{ begun: { shared: true } }])
    await provide(engine, options)
    expect(records()).toMatchObject([{ keep: { scope: expect.stringContaining('octo/app') } }])
  })

  test('need not come: the end of the job removes what may have been pushed, and the next job begins anew', async () => {
    await prepare(new DummyEngine())
    const pushed = records()[0]?.images[0]?.pushRef.split(':').at(-1) ?? ''
    await cleanupJob(callOf({}), { state: null })
    expect(records()).toEqual([])
    expect(registry.asked.some(line => line.includes(pushed))).toBe(true)
    const engine = new DummyEngine()
    await prepare(engine)
    expect(records()).toHaveLength(1)
  })

  test('no image is removed while a pod is left that may push it again', async () => {
    await prepare(new DummyEngine())
    const before = registry.asked.length
    bench.server.put('pods', { metadata: { name: 'builds', labels: { 'runner-pod': RUNNER } } })
    bench.server.refuse('DELETE pods/builds', refused(403, 'Forbidden', 'a webhook said no'))
    await cleanupJob(callOf({}), { state: null })
    expect([registry.asked.length, records().length]).toEqual([before, 1])
    expect(bench.printed.at(-1)).toMatch(/^::warning::Clean-up: .*stay until/)
    await cleanupJob(callOf({}), { state: null })
    expect(records()).toEqual([])
    expect(registry.asked.length).toBeGreaterThan(before)
  })
})
