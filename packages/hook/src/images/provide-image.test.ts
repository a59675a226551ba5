import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { BuildError, type Target } from '@kaniko-hooks/builder'
import { DummyEngine, type DummyBehaviour } from '@kaniko-hooks/builder/dummy'
import { answerProblem, type FakeRegistry, quotaExceeded, refused, servers } from '@kaniko-hooks/testing'

import { Bench, RUNNER, type CallOptions } from '../job/call.fixture.js'
import { openJob } from '../job/open-job.js'
import { provideImage, type PullableImage } from './provide-image.js'
import type { ImageRecord } from './records/record.js'

const DIGEST = `sha256:${'d'.repeat(64)}`
/** What the runner says of a push to a branch: without it nothing is shared. */
const PUSH = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }

let bench: Bench
let registry: FakeRegistry
/** Another answer of the registry than its good one. */
let answer: number | undefined
const serve = servers()
beforeEach(async () => {
  bench = await Bench.start()
  answer = undefined
  registry = await serve(({ method }, response) => {
    if (answer !== undefined) answerProblem(response, answer, 'DENIED', 'not you')
    else response.writeHead(method === 'HEAD' ? 200 : 202, { 'docker-content-digest': DIGEST }).end()
  })
  writeFileSync(join(bench.work, 'app/app/Dockerfile'), 'FROM scratch\nCOPY . /\n')
})
afterEach(async () => bench.stop())

interface Build extends DummyBehaviour {
  readonly engine?: DummyEngine
}

async function provide(build: Build = {}, options: CallOptions = {}): Promise<PullableImage> {
  const { engine = new DummyEngine(build) } = build
  const destinations = [{ remote: { repository: `${registry.host}/kaniko/actions`, plainHttp: true } }]
  const call = bench.call({ ...options, settings: { destinations, ...options.settings } })
  const dockerfile = join(bench.work, 'app/app/Dockerfile')
  return provideImage(call, await openJob(call), dockerfile, {}, () => Promise.resolve(engine))
}

/** What is remembered of images, oldest first. */
function records(): ImageRecord[] {
  return bench.server
    .all('secrets')
    .map(({ data }) => JSON.parse(Buffer.from(data?.['record'] ?? '', 'base64').toString()) as ImageRecord)
}

const digests = (): unknown[] => records().map(({ images }) => images.map(({ digest }) => digest))

describe('an image that nobody has', () => {
  test('is built and given by its digest, as the kubelet pulls it', async () => {
    const engine = new DummyEngine()
    const image = await provide({ engine })
    expect(image).toEqual({ pullRef: `${registry.host}/kaniko/actions@${DIGEST}`, pullSecrets: [] })
    expect(engine.requests).toHaveLength(1)
    expect(engine.requests[0]?.targets.map(({ pushRef }: Target) => pushRef)).toEqual([
      expect.stringMatching(/\/kaniko\/actions:[0-9a-f]{12}-[0-9a-f]{8}$/)
    ])
  })

  test('is noted before anything is pushed, and recorded with its digest afterwards', async () => {
    const before: unknown[] = []
    await provide({ push: () => Promise.resolve(void before.push(...digests())) })
    expect(before).toEqual([[undefined]])
    expect(digests()).toEqual([[DIGEST]])
    expect(records()[0]).toMatchObject({ job: 'octo/app run 1.1 job build', runner: { pod: RUNNER } })
    expect(bench.server.changes).toEqual(['POST secrets', 'POST secrets', expect.stringMatching(/^DELETE secrets\//)])
  })

  test('has its log in a group in which no command is obeyed, and its times after it', async () => {
    await provide({ lines: ['Step 1/2', '::set-env::x'] })
    const [group, stop, ...rest] = bench.printed
    expect(group).toBe('::group::Build Dockerfile')
    expect(rest).toEqual([
      'Context: 1 file',
      'Step 1/2',
      '::set-env::x',
      `::${stop?.split('::').at(-1) ?? ''}::`,
      '::endgroup::',
      expect.stringMatching(/^Built in /),
      expect.stringMatching(/^Pushed in .*@sha256:d/)
    ])
  })

  test('is asked for at its registry first, which has to take a push', async () => {
    await provide()
    expect(registry.asked[0]).toBe('POST /v2/kaniko/actions/blobs/uploads/')
  })
})

describe('an image that was built before', () => {
  test('in this job is used again, and neither registry nor engine is asked', async () => {
    await provide()
    const asked = registry.asked.length
    const engine = new DummyEngine()
    expect((await provide({ engine })).pullRef).toContain(DIGEST)
    expect(engine.requests).toEqual([])
    expect(registry.asked).toHaveLength(asked)
    expect(bench.printed.at(-1)).toMatch(/^The image of Dockerfile was built earlier in this job: /)
  })

  test('in this job is built anew when a file of it has changed', async () => {
    await provide()
    writeFileSync(join(bench.work, 'app/app/file'), 'x')
    const engine = new DummyEngine()
    await provide({ engine })
    expect(engine.requests).toHaveLength(1)
    expect(records()).toHaveLength(2)
  })

  test('by a job that keeps it is used by another one, once the registry says that it is there', async () => {
    const settings = { image: { keep: '1h' } }
    await provide({}, { settings, env: PUSH })
    expect(records()[0]?.keep?.until).toBeDefined()
    bench.server.put('pods', bench.runner('second'))
    const engine = new DummyEngine()
    await provide({ engine }, { settings, env: PUSH, runnerPod: 'second' })
    expect(engine.requests).toEqual([])
    expect(registry.asked.at(-1)).toBe(`HEAD /v2/kaniko/actions/manifests/${DIGEST}`)
    expect(bench.printed.at(-1)).toMatch(/was kept by an earlier job: /)
  })

  test('and is not kept is built anew by another job', async () => {
    await provide({}, { env: PUSH })
    bench.server.put('pods', bench.runner('second'))
    const engine = new DummyEngine()
    await provide({ engine }, { env: PUSH, runnerPod: 'second' })
    expect(engine.requests).toHaveLength(1)
  })
})

describe('a build that fails', () => {
  const failure = new BuildError('DOCKERFILE_FAILED', 'line 2 failed')

  test('leaves its note: what may have been pushed is found by cleanup_job', async () => {
    await expect(provide({ lines: ['so far'], failure })).rejects.toBe(failure)
    expect(digests()).toEqual([[undefined]])
    expect(bench.printed).toContain('so far')
    expect(bench.printed.at(-1)).toMatch(/^Failed after /)
    expect(bench.printed.at(-2)).toBe('::endgroup::')
  })

  test('is tried again by the next step: a note is no image', async () => {
    await expect(provide({ failure })).rejects.toBe(failure)
    const engine = new DummyEngine()
    await provide({ engine })
    expect(engine.requests).toHaveLength(1)
  })

  test('because it is cancelled ends at once, and leaves its note', async () => {
    const cancelled = new AbortController()
    const engine = new DummyEngine({ hangs: true })
    const building = provide({ engine }, { cancelled: cancelled.signal })
    while (engine.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    cancelled.abort()
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' })
    expect(digests()).toEqual([[undefined]])
  })
})

describe('before a build', () => {
  test('what the engine would get wrong is refused with line and advice, and nothing is written', async () => {
    const findings = [{ line: 2, instruction: 'COPY --link', problem: 'links are followed', advice: 'Copy the file.' }]
    await expect(provide({ findings })).rejects.toMatchObject({
      code: 'DOCKERFILE_UNSUPPORTED',
      message: 'Dockerfile cannot be built here: line 2 (COPY --link): links are followed. Copy the file.'
    })
    expect(bench.server.changes).toEqual([])
    expect(registry.asked).toEqual([])
  })

  test('a registry that refuses ends it, and nothing is written', async () => {
    answer = 403
    const engine = new DummyEngine()
    await expect(provide({ engine })).rejects.toMatchObject({
      code: 'PUSH_FAILED',
      message: expect.stringContaining('not you')
    })
    expect(engine.requests).toEqual([])
    expect(bench.server.changes).toEqual([])
  })

  test('a registry that cannot be reached ends it, unless the build pod goes by a proxy', async () => {
    // It speaks no TLS, which no repetition changes.
    const destinations = [{ remote: { repository: `${registry.host}/kaniko/actions` } }]
    await expect(provide({}, { settings: { destinations } })).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' })
    await provide({}, { settings: { destinations, proxy: { http: 'http://proxy:3128' } } })
    expect(bench.printed[0]).toBe(`The runner cannot reach ${registry.host}; the build pod tries.`)
  })

  test('a job that has built too many images already is told the setting', async () => {
    const settings = { build: { maxPerJob: 1 } }
    await provide({}, { settings })
    writeFileSync(join(bench.work, 'app/app/file'), 'x')
    await expect(provide({}, { settings })).rejects.toThrow(/has built 1 images already, .* build.maxPerJob is 1/)
    expect(records()).toHaveLength(1)
  })

  test('a note that cannot be written ends it: an image that nobody knows of would stay', async () => {
    bench.server.refuse('POST secrets', quotaExceeded('secrets', 's'))
    const engine = new DummyEngine()
    await expect(provide({ engine })).rejects.toMatchObject({ code: 'QUOTA' })
    expect(engine.requests).toEqual([])
  })
})

test('a note that cannot be deleted after the build does no harm', async () => {
  bench.server.refuse(/^DELETE secrets/, refused(403, 'Forbidden', 'admission webhook "w" denied the request: no'))
  expect((await provide()).pullRef).toContain(DIGEST)
  expect(digests()).toEqual([[undefined], [DIGEST]])
  expect(bench.noted).toEqual([expect.stringContaining('webhook "w"')])
})

test('a secret that the registry quotes is blotted out of the log of the build', async () => {
  const engine = new DummyEngine({ lines: ['denied: Basic t0ken-of-robot'] })
  const call = bench.call({
    settings: { destinations: [{ remote: { repository: `${registry.host}/a`, plainHttp: true } }] }
  })
  call.secrets.add('t0ken-of-robot')
  const dockerfile = join(bench.work, 'app/app/Dockerfile')
  await provideImage(call, await openJob(call), dockerfile, {}, () => Promise.resolve(engine))
  expect(bench.printed).toContain('denied: Basic ***')
})

test('an account that RUN lines are lent a token of is not the account of the build pod', async () => {
  const call = bench.call({ settings: { build: { connectors: [{ name: 'ci/pull', serviceAccount: 'bases' }] } } })
  const building = provideImage(call, await openJob(call), '/work/Dockerfile', { serviceAccountName: 'bases' })
  await expect(building).rejects.toThrow(/\(\$build\) has the serviceAccountName bases, which is also the account of/)
})
