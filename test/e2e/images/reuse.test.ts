import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Secret } from '@kubernetes/client-node'

import { Lanes } from '../../faults/lanes.js'
import { dockerConfigSecret, nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { request } from '../../stand-ins/registries/request.js'
import { action, pushedBy, use } from '../../harness/dockerfile-action.js'
import { outputOf, runJob, stepOf } from '../../harness/job.js'
import { apply, getJson, kubectl } from '../../harness/kubectl.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const TIMEOUT = 400_000
const suite = new Suite('reuse')
const servers = new Suite('reuse-registries', 'restricted')
const lanes = new Lanes<Done>()

/** The repositories of the two halves of this file, which run side by side. */
const KEPT = 'reuse/kept'
const CACHED = 'reuse/cached'

const PUSH = { event: 'push', ref: 'refs/heads/main' } as const
const OTHER_BRANCH = { event: 'push', ref: 'refs/heads/other' } as const
const PULL_REQUEST = { event: 'pull_request', ref: 'refs/pull/7/merge' } as const

interface Job {
  /** No two jobs on one runner have one id: they would be the same job. */
  readonly id: string
  readonly trigger: typeof PUSH | typeof OTHER_BRANCH | typeof PULL_REQUEST
  readonly dockerfile: string
  readonly settings: object
  /** Runs in a job container, so that there is a clean-up at its end. */
  readonly container?: string
}

interface Done {
  readonly output: readonly string[]
  readonly buildPods: readonly Seen[]
  /** What it pushed, as `repository:tag`. */
  readonly pushed: readonly string[]
}

let open: Registry
let closed: Registry
let runners: { readonly first: RunnerPod; readonly second: RunnerPod; readonly caching: RunnerPod }

beforeAll(async () => {
  const { cluster, namespace } = servers
  ;[open, closed] = await Promise.all([
    nodePortRegistry(cluster, namespace, { name: 'open' }),
    nodePortRegistry(cluster, namespace, { name: 'closed', auth: true })
  ])
  const { push } = closed.users ?? {}
  if (push === undefined) throw new Error('the registry has no users')
  await dockerConfigSecret(suite.cluster, suite.namespace, 'cache', { [closed.pushHost]: push })
  const start = async () => suite.runner({ mode: 'volume', env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' } })
  const [first, second, caching] = await Promise.all([start(), start(), start()])
  runners = { first, second, caching }
  const cached = async (id: string, trigger: Job['trigger'], last: string) =>
    job(caching, { id, trigger, dockerfile: layers(last), settings: withCache() })
  lanes.start({
    cold: async () => cached('cold', PUSH, 'one'),
    cached: async () => cached('cached', PUSH, 'two'),
    foreign: async () => cached('foreign', PULL_REQUEST, 'three')
  })
}, TIMEOUT)

afterAll(async () => {
  await Promise.all([open.remove(), closed.remove()])
})

function destination(repository: string): object {
  const { pushHost, pullHost } = open
  const [host = '', port] = pushHost.split(':')
  return { nodePort: { host, port: Number(port), nodePort: Number(pullHost.split(':')[1]), repository } }
}

async function job(runner: RunnerPod, { id, trigger, dockerfile, settings, container }: Job): Promise<Done> {
  const steps = [use('it')]
  const jobs = { [id]: { 'runs-on': 'self-hosted', ...(container === undefined ? {} : { container }), steps } }
  const pullRequest = { pull_request: { base: { ref: 'main' }, head: { ref: 'feature' } } }
  const event = `/tmp/${trigger.event}.json`
  await runner.write(event, JSON.stringify(trigger.event === 'pull_request' ? pullRequest : {}))
  const path = await runner.writeSettings(settings)
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: JSON.stringify({ on: 'push', jobs }),
      job: id,
      files: action('it', dockerfile),
      args: ['--event-name', trigger.event, '--event', event, '--ref', trigger.ref],
      env: { KANIKO_HOOKS_CONFIG: path }
    })
  )
  const output = outputOf(stepOf(result, 'it'))
  expect(output.filter(line => line.startsWith('##[error]'))).toEqual([])
  const isBuild = ({ kind, metadata }: Seen): boolean =>
    kind === 'Pod' && metadata?.name?.startsWith(`${runner.name}-build-`) === true
  const pushed = [KEPT, CACHED].flatMap(repository => pushedBy(result, repository))
  return { output, buildPods: seen.filter(isBuild), pushed }
}

interface Record {
  readonly name: string
  readonly job: string
  readonly content: { readonly images: { pushRef: string; digest: string }[]; keep: { scope: string; until?: string } }
  readonly secret: V1Secret
}

/** The records of images that are kept. */
async function records(): Promise<Record[]> {
  const { items } = await getJson<{ items: V1Secret[] }>(suite.cluster, [
    ...['-n', suite.namespace, 'secrets', '-l', 'kaniko-hooks/image']
  ])
  return items.flatMap(secret => {
    const text = Buffer.from(secret.data?.['record'] ?? '', 'base64').toString()
    const content = JSON.parse(text) as Partial<Record['content']> & { readonly job: string }
    const { images = [], keep, job: by } = content
    if (keep === undefined) return []
    return [
      {
        name: secret.metadata?.name ?? '',
        job: by.split(' ').at(-1) ?? '',
        content: { ...content, images, keep },
        secret
      }
    ]
  })
}

function testInLongRun(title: string, body: () => Promise<void>): void {
  for (const each of variants([], [title])) test(each, body, TIMEOUT)
}

describe('an image that is kept', () => {
  const kept = (id: string, trigger: Job['trigger'], word: string, container?: string): Job => ({
    ...{ id, trigger, settings: { destinations: [destination(KEPT)], image: { keep: '1h' } } },
    dockerfile: `FROM busybox:1.36\nRUN echo ${word} >/said\nENTRYPOINT ["cat", "/said"]\n`,
    ...(container === undefined ? {} : { container })
  })
  /** What the registry was asked about kept images while something ran, by whomever. */
  async function asked<T>(body: () => Promise<T>): Promise<{ readonly result: T; readonly requests: string[] }> {
    const before = (await open.requests()).length
    const result = await body()
    const requests = (await open.requests()).slice(before).map(({ method, path }) => `${method} ${path}`)
    return { result, requests: requests.filter(line => line.includes(` /v2/${KEPT}/`)) }
  }

  function expectBuilt({ output, buildPods, pushed }: Done, word: string): void {
    expect(buildPods).toHaveLength(1)
    expect(pushed).toHaveLength(1)
    expect(output).toContain(word)
  }

  function expectReused({ output, buildPods, pushed }: Done, word: string): void {
    expect(buildPods).toEqual([])
    expect(pushed).toEqual([])
    expect(output).toContainEqual(expect.stringContaining('was kept by an earlier job'))
    expect(output).toContain(word)
  }

  test(
    'is run by another runner of the branch: no build pod, one question to the registry',
    async () => {
      expectBuilt(await job(runners.first, kept('builds', PUSH, 'first')), 'first')
      expect((await records()).map(record => record.job)).toEqual(['builds'])
      const [record] = await records()
      const { result, requests } = await asked(async () => job(runners.second, kept('uses', PUSH, 'first')))
      expectReused(result, 'first')
      const digest = record?.content.images[0]?.digest ?? 'none'
      expect(requests).toEqual([`HEAD /v2/${KEPT}/manifests/${digest}`])
      expect((await records()).map(({ name }) => name)).toEqual([record?.name])
    },
    TIMEOUT
  )

  // The next test shows as much of a pull request and its branch.
  testInLongRun('is not run by another branch, which builds its own', async () => {
    expectBuilt(await job(runners.second, kept('branch', OTHER_BRANCH, 'first')), 'first')
  })

  test(
    'is run by a pull request to the branch, but what a pull request keeps is not run by the branch',
    async () => {
      expectReused(await job(runners.second, kept('pull', PULL_REQUEST, 'first')), 'first')
      expectBuilt(await job(runners.second, kept('changed', PULL_REQUEST, 'changed')), 'changed')
      const scopes = (await records()).map(({ content }) => content.keep.scope)
      expect(scopes).toContain(JSON.stringify(['octo/demo', PULL_REQUEST.ref, PULL_REQUEST.event]))
      expectBuilt(await job(runners.first, kept('merged', PUSH, 'changed')), 'changed')
    },
    TIMEOUT
  )

  testInLongRun('that a pull request keeps is run by the pull request itself', async () => {
    expectReused(await job(runners.first, kept('again', PULL_REQUEST, 'changed')), 'changed')
  })

  test(
    'is run by its digest: what somebody planted under its tag, or under a likely one, is not',
    async () => {
      const [image] = (await records())
        .filter(record => record.job === 'builds')
        .flatMap(({ content }) => content.images)
      const [foreign] = (await records())
        .filter(record => record.job === 'changed')
        .flatMap(({ content }) => content.images)
      if (image === undefined || foreign === undefined) throw new Error('the records of the tests before are not there')
      const base = `http://127.0.0.1:${open.pullHost.split(':')[1]}/v2/${KEPT}/manifests`
      const accept = {
        Accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'
      }
      const planted = await request(`${base}/${foreign.digest}`, { headers: accept })
      const tag = image.pushRef.split(':').at(-1) ?? ''
      for (const name of [tag, `${tag.slice(0, 12)}-00000000`]) {
        const type = { 'Content-Type': planted.headers['content-type'] ?? '' }
        const { status } = await request(`${base}/${name}`, { method: 'PUT', headers: type, body: planted.body })
        expect(status).toBe(201)
      }
      expectReused(await job(runners.second, kept('robbed', PUSH, 'first')), 'first')
    },
    TIMEOUT
  )

  // What becomes of a lost record or image, packages/hook/src/images/records/kept-image.test.ts shows as well.
  testInLongRun('is built anew when its record is gone: the planted tags mean nothing either', async () => {
    for (const { name, job: from } of await records()) {
      if (from === 'builds') await kubectl(suite.cluster, ['-n', suite.namespace, 'delete', 'secret', name])
    }
    expectBuilt(await job(runners.second, kept('recordless', PUSH, 'first')), 'first')
  })

  testInLongRun('is built anew when somebody removed it from the registry', async () => {
    const [record] = (await records()).filter(({ job: from }) => from === 'recordless')
    const base = `http://127.0.0.1:${open.pullHost.split(':')[1]}/v2/${KEPT}/manifests`
    const removed = await request(`${base}/${record?.content.images[0]?.digest ?? ''}`, { method: 'DELETE' })
    expect(removed.status).toBe(202)
    expectBuilt(await job(runners.first, kept('removed', PUSH, 'first')), 'first')
    // Many registries say of what one may not see that it is not there; who may see it still finds the record.
    expect((await records()).map(({ job: from }) => from)).toContain('recordless')
  })

  test(
    'goes with its record when it has expired: the next clean-up takes both',
    async () => {
      const [record] = (await records()).filter(({ job: from }) => from === 'changed')
      if (record === undefined) throw new Error('the record of the pull request is not there')
      const { name, content, secret } = record
      const until = new Date(Date.now() - 60 * 60_000).toISOString()
      const text = JSON.stringify({ ...content, keep: { ...content.keep, until } })
      // As if it had been written in time to be due by now.
      const labels = { ...secret.metadata?.labels, 'kaniko-hooks/due': '2026-01-01' }
      const metadata = { name, namespace: suite.namespace, labels }
      const data = { record: Buffer.from(text).toString('base64') }
      await apply(suite.cluster, { apiVersion: 'v1', kind: 'Secret', metadata, data })
      const image = content.images[0]?.pushRef.replace(`${open.pushHost}/`, '') ?? 'none'
      expect(await open.images()).toContain(image)
      const names = (await records()).map(({ name: other }) => other).filter(other => other !== name)
      const sweeping = await job(runners.first, kept('sweeps', PUSH, 'first', suite.cluster.images.busybox))
      expect(sweeping.buildPods).toEqual([])
      expect(await open.images()).not.toContain(image)
      expect((await records()).map(({ name: other }) => other).sort()).toEqual(names.sort())
    },
    TIMEOUT
  )
})

/**
 * Its first layer has a random number in it; its RUN looks for credentials, as a stranger's would, who knows
 * that the log blots them out.
 */
function layers(last: string): string {
  return [
    'FROM busybox:1.36',
    'RUN cat /proc/sys/kernel/random/uuid >/made',
    'RUN env; find / -name config.json -type f -exec cat {} + 2>/dev/null | rev; true',
    `RUN echo ${last} >/last`,
    'ENTRYPOINT ["sh", "-c", "echo made $(cat /made) $(cat /last)"]\n'
  ].join('\n')
}

function withCache(): object {
  return {
    destinations: [destination(CACHED)],
    cache: { repository: `${closed.pushHost}/cache/layers`, secret: 'cache' },
    build: { insecureRegistries: [suite.cluster.mirror, closed.pushHost] }
  }
}

describe('the layer cache', () => {
  const madeIn = ({ output }: Done): string => /^made (\S+)/m.exec(output.join('\n'))?.[1] ?? 'nothing'
  const drowssap = (): string => [...(closed.users?.push.password ?? 'none')].reverse().join('')
  const isMounted = ({ buildPods }: Done): boolean => JSON.stringify(buildPods).includes('"secretName":"cache"')

  test(
    'saves the instructions before the one that changed',
    async () => {
      const [cold, cached] = await Promise.all([lanes.result('cold'), lanes.result('cached')])
      expect(cold.output).toContainEqual(expect.stringMatching(/^made [0-9a-f-]{36} one$/))
      expect(cached.output).toContainEqual(expect.stringMatching(/^made [0-9a-f-]{36} two$/))
      expect(madeIn(cached)).toBe(madeIn(cold))
      // What goes to the cache meanwhile is not the user's concern.
      expect(cold.output.filter(line => line.includes('cache/layers'))).toEqual([])
      expect((await closed.images()).filter(image => /^cache\/layers-[0-9a-f]{12}:/.test(image))).not.toEqual([])
    },
    TIMEOUT
  )

  test(
    'is not there for a pull request, and neither is its Secret, whose content RUN could read',
    async () => {
      const [cold, foreign] = await Promise.all([lanes.result('cold'), lanes.result('foreign')])
      expect(foreign.output).toContainEqual(expect.stringMatching(/^made [0-9a-f-]{36} three$/))
      expect(madeIn(foreign)).not.toBe(madeIn(cold))
      expect([isMounted(cold), isMounted(foreign)]).toEqual([true, false])
      // The same line shows the password to a job of accepted code: the search is one that finds.
      expect(cold.output.join('\n')).toContain(drowssap())
      expect(foreign.output.join('\n')).not.toContain(drowssap())
      expect(foreign.output.join('\n')).toContain('PATH=')
    },
    TIMEOUT
  )

  test(
    'leaves nothing of the images that were built with it',
    async () => {
      const done = await Promise.all(['cold', 'cached', 'foreign'].map(async name => lanes.result(name)))
      expect(done.flatMap(({ pushed }) => pushed)).toHaveLength(3)
      const images = await open.images()
      for (const { pushed } of done) for (const image of pushed) expect(images).not.toContain(image)
      expect(await suite.left(runners.caching)).toEqual([])
    },
    TIMEOUT
  )
})
