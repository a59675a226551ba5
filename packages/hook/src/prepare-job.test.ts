import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'
import { ended, forbidden, quotaExceeded, refused, running, waiting } from '@kaniko-hooks/testing'

import { Bench, container, RUNNER, type CallOptions } from './job/call.fixture.js'
import { readState } from './job/state.js'
import { prepareJob } from './prepare-job.js'
import type { Response } from './protocol/response.js'
import type { PrepareJob } from './protocol/schema.js'

const POD = `${RUNNER}-workflow`
const JOB = container({ image: 'debian:12', environmentVariables: { GREETING: 'hello' } })

let bench: Bench
beforeEach(async () => (bench = await Bench.start()))
afterEach(async () => bench.stop())

async function prepare(args: Partial<PrepareJob['args']> = {}, options: CallOptions = {}): Promise<Response> {
  const command = { command: 'prepare_job', responseFile: '/r', state: null } as const
  return prepareJob(bench.call(options), { ...command, args: { container: JOB, services: [], ...args } })
}

/** An object of an earlier job of this runner. */
const mine = (name: string) => ({ metadata: { name, labels: { 'runner-pod': RUNNER } } })

/** What is in the namespace besides the runner. */
const left = (): string[] => [...bench.server.names('pods'), ...bench.server.names('secrets')].filter(n => n !== RUNNER)

describe('a job container', () => {
  test('is made after the Secret of its environment, and asked whether steps can run in it', async () => {
    await prepare()
    const { asked } = bench.server
    // All at once, so in any order.
    expect(asked.slice(0, 5).sort()).toEqual([
      'GET jobs',
      'GET pods',
      `GET pods/${RUNNER}`,
      'GET secrets',
      'GET secrets'
    ])
    expect(asked.slice(5)).toEqual(['POST secrets', 'POST pods', `GET pods/${POD}/exec`])
    const pod = bench.server.get('pods', POD)
    expect(pod?.metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: RUNNER, uid: `uid of ${RUNNER}` }])
    expect(pod?.spec?.containers.map(({ name, image }) => [name, image])).toEqual([['job', 'debian:12']])
  })

  test('gets its variables from a Secret, never from the pod', async () => {
    await prepare()
    const [secret] = bench.server.all('secrets')
    const values = Object.values(secret?.data ?? {}).map(value => Buffer.from(value, 'base64').toString())
    expect(values).toEqual(['true', '/__w/_temp/_kbuild', 'hello', 'true'])
    expect(JSON.stringify(bench.server.get('pods', POD))).not.toContain('hello')
  })

  test('is not made when the template says something wrong of builds, although this job has none', async () => {
    const file = join(bench.home, 'template.yaml')
    writeFileSync(file, 'spec: { containers: [{ name: $build, nodeSelektor: {} }] }\n')
    const env = { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: file }
    await expect(prepare({}, { env })).rejects.toMatchObject({
      code: 'TEMPLATE',
      message: expect.stringContaining('nodeSelektor is not known there')
    })
    expect(bench.server.asked).toEqual([])
  })

  test('is answered with a state that the next step accepts, and nothing but a mask is printed', async () => {
    const { state, isAlpine, context } = await prepare()
    expect(readState(state, RUNNER)).toMatchObject({ jobPod: POD, pullSecrets: [], runner: { node: 'node-1' } })
    expect(isAlpine).toBe(false)
    expect(context).toEqual({ container: { id: POD, network: POD, ports: {} }, services: [] })
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })

  test.each([false, true])(
    'tells later calls whether pods have to be polled (its role has watch: %s)',
    async mayWatch => {
      bench.server.mayWatch = mayWatch
      bench.server.onCreate('pods', pod => {
        pod.status = waiting(pod, 'ContainerCreating', '')
        setTimeout(() => (pod.status = running(pod)), 200)
      })
      const { state } = await prepare()
      expect(readState(state, RUNNER)?.polls).toBe(mayWatch ? undefined : true)
    }
  )

  test('that is an Alpine is told to the runner', async () => {
    bench.server.exec = async ({ print }) => print('alpine\n').then(() => 0)
    expect((await prepare()).isAlpine).toBe(true)
  })

  test('finds the directories that it mounts, and the externals of the runner', async () => {
    mkdirSync(join(bench.home, 'externals/node24/bin'), { recursive: true })
    writeFileSync(join(bench.home, 'externals/node24/bin/node'), 'node')
    await prepare()
    for (const path of ['_temp/_github_home', '_actions', 'externals/node24/bin/node']) {
      expect(existsSync(join(bench.work, path))).toBe(true)
    }
  })

  test('whose image lacks tools fails the job with their names, and nothing is left', async () => {
    bench.server.exec = async ({ print }) => print('missing dd\nmissing wc\n').then(() => 0)
    await expect(prepare()).rejects.toMatchObject({ code: 'JOB_CONTAINER', message: expect.stringContaining('dd, wc') })
    expect(left()).toEqual([])
  })

  test('without a shell is told so', async () => {
    bench.server.onCreate('pods', pod => {
      const said = 'runc create failed: exec: "sh": executable file not found in $PATH: unknown'
      pod.status = waiting(pod, 'RunContainerError', said)
    })
    await expect(prepare()).rejects.toMatchObject({
      code: 'JOB_CONTAINER',
      message: expect.stringMatching(/has no sh, in which the steps of a job run.*runc create failed/)
    })
    expect(left()).toEqual([])
  })

  test("whose pod's init container fails prints the last words of it, in which no command is obeyed", async () => {
    bench.server.onCreate('pods', pod => {
      bench.server.logs.print(POD, 'fetch', 'no route', '::set-output name=a::b')
      const state = { terminated: { exitCode: 3, reason: 'Error' } }
      const fetch = { name: 'fetch', image: 'i', imageID: '', ready: false, restartCount: 0, state }
      pod.status = { ...waiting(pod, 'PodInitializing', ''), initContainerStatuses: [fetch] }
    })
    await expect(prepare()).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'configuration' })
    expect(bench.printed.slice(1)).toEqual([
      '::group::Log of container fetch',
      expect.stringMatching(/^::stop-commands::/),
      'no route',
      '::set-output name=a::b',
      expect.stringMatching(/^::[0-9a-f-]+::$/),
      '::endgroup::'
    ])
  })

  test('without an image is refused before anything is asked', async () => {
    await expect(prepare({ container: container() })).rejects.toMatchObject({ code: 'INPUT' })
    expect(bench.server.asked).toEqual([])
  })
})

describe('credentials', () => {
  const registry = { username: 'u', password: 'p4ssword', serverUrl: 'ghcr.io' }

  test('are masked in both forms, and become a pull Secret beside those of the runner', async () => {
    const { state } = await prepare({ container: { ...JOB, registry } })
    expect(bench.printed).toContain('::add-mask::p4ssword')
    expect(bench.printed).toContain(`::add-mask::${Buffer.from('u:p4ssword').toString('base64')}`)
    const pulls = bench.server
      .all('secrets')
      .flatMap(({ type, metadata }) => (type === undefined ? [] : metadata?.name))
    expect(pulls).toHaveLength(1)
    const names = bench.server.get('pods', POD)?.spec?.imagePullSecrets?.map(({ name }) => name)
    expect(names).toEqual(['runner-pull', ...pulls])
    expect(readState(state, RUNNER)?.pullSecrets).toEqual(pulls)
  })
})

describe('what an earlier job left', () => {
  test('is removed before the new pod is made: pods, then Jobs, then Secrets', async () => {
    bench.server.put('pods', mine(POD))
    bench.server.put('jobs', { ...mine('old-step'), spec: { template: {} } })
    bench.server.put('secrets', mine('old-secret'))
    bench.server.put('secrets', { metadata: { name: 'of-somebody-else' } })
    await prepare()
    expect(bench.server.changes).toEqual([
      `DELETE pods/${POD}`,
      'DELETE jobs/old-step',
      'DELETE secrets/old-secret',
      'POST secrets',
      'POST pods'
    ])
    expect(bench.server.names('secrets')).toContain('of-somebody-else')
  })

  test('is waited for until its pod is gone, since the new one has its name', async () => {
    bench.server.put('pods', mine(POD))
    bench.server.lingerMs = 150
    await prepare()
    expect(bench.server.asked.filter(line => line === `GET pods/${POD}`)).toHaveLength(2)
  })

  test('is told when it cannot be removed, and the job goes on', async () => {
    bench.server.put('secrets', mine('old-secret'))
    bench.server.refuse('DELETE secrets/old-secret', forbidden('delete', 'secrets', 'runners'))
    await prepare()
    expect(bench.printed).toContainEqual(expect.stringMatching(/^Could not remove .* an earlier job: .*old-secret/))
  })

  test('is no matter of Jobs where the role has none', async () => {
    bench.server.refuse('GET jobs', forbidden('list', 'jobs.batch', 'runners'))
    await prepare()
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })
})

describe('a failure', () => {
  test('of the pod is told in its words, and pod and Secrets go', async () => {
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'InvalidImageName', 'no such name')))
    await expect(prepare()).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'user' })
    expect(bench.server.changes.slice(-2)).toEqual([`DELETE pods/${POD}`, expect.stringMatching(/^DELETE secrets\//)])
    expect(left()).toEqual([])
  })

  test('of admission is told, and the Secret that came first goes', async () => {
    bench.server.refuse(
      'POST pods',
      refused(403, 'Forbidden', 'pods "x" is forbidden: violates PodSecurity "baseline"')
    )
    await expect(prepare()).rejects.toMatchObject({
      code: 'ADMISSION',
      message: expect.stringContaining('PodSecurity')
    })
    expect(left()).toEqual([])
  })

  test('of a Secret waits for the others, makes no pod, and leaves none of them', async () => {
    const registry = { username: 'u', password: 'p', serverUrl: 'r.io' }
    bench.server.refuse('POST secrets', quotaExceeded('secrets', 's'))
    await expect(prepare({ container: { ...JOB, registry } })).rejects.toMatchObject({ code: 'QUOTA' })
    expect(bench.server.asked).not.toContain('POST pods')
    expect(left()).toEqual([])
  })

  test('to start in time names what the pod waits for, which was printed before', async () => {
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'ImagePullBackOff', 'no such host')))
    await expect(prepare({}, { prepareTimeoutMs: 500 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(bench.printed).toContainEqual(expect.stringContaining(`Pod ${POD} waits: ImagePullBackOff: `))
    expect(left()).toEqual([])
  })

  test('of a runner that cannot see its own pod names the variable to set', async () => {
    await expect(prepare({}, { runnerPod: 'other' })).rejects.toThrow(/ACTIONS_RUNNER_POD_NAME/)
    expect(bench.server.changes).toEqual([])
  })
})

test('a volume that a link leads to is refused: it may be the externals, under a name of their own', async () => {
  symlinkSync(join(bench.work, 'externals'), join(bench.work, 'app/app/link'))
  const mount = (source: string): Partial<PrepareJob['args']> => {
    const volume = { sourceVolumePath: join(bench.work, source), targetVolumePath: '/mnt', readOnly: false }
    return { container: { ...JOB, userMountVolumes: [volume] } }
  }
  for (const source of ['app/app/link', 'app/app/./link/node20']) {
    await expect(prepare(mount(source))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const { container: service } = mount(source)
    await expect(prepare({ services: service ? [service] : [] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  }
  expect(bench.server.changes).toEqual([])
  await prepare(mount('app/app/not-there-yet'))
})

test.each(['/__e', '/__hook/'])(
  'a volume where the hook mounts its own (%s) is refused before anything is made',
  async path => {
    const volume = { sourceVolumePath: null, targetVolumePath: path, readOnly: false }
    await expect(prepare({ container: { ...JOB, userMountVolumes: [volume] } })).rejects.toMatchObject({
      code: 'INPUT'
    })
    expect(bench.server.changes).toEqual([])
  }
)

test('a pod that its node rejects before anything ran is created again under its name', async () => {
  let tries = 0
  bench.server.onCreate('pods', pod => {
    tries += 1
    pod.status = tries === 1 ? { phase: 'Failed', reason: 'OutOfmemory', message: 'no room' } : running(pod)
  })
  await prepare()
  expect(bench.printed).toContainEqual(
    expect.stringMatching(`^Pod "${POD}" was rejected .*OutOfmemory. no room. It is created again`)
  )
  expect(bench.server.changes).toEqual(['POST secrets', 'POST pods', `DELETE pods/${POD}`, 'POST pods'])
})

test('no pod of a job is waited for because of a container that a webhook adds, whether it starts or fails', async () => {
  bench.server.onCreate('pods', pod => {
    const alive = running(pod)
    const proxy = { name: 'mesh-proxy', image: 'p', imageID: '', ready: false, restartCount: 0 }
    pod.spec?.containers.push({ name: 'mesh-proxy' }, { name: 'agent' })
    const agent = { ...proxy, name: 'agent', state: { terminated: { exitCode: 1 } } }
    const injected = [{ ...proxy, state: { waiting: { reason: 'ContainerCreating' } } }, agent]
    // In front of ours: no index may be trusted.
    pod.status = { ...alive, containerStatuses: [...injected, ...(alive.containerStatuses ?? [])] }
  })
  expect(await prepare()).toMatchObject({ context: { container: { id: POD } } })
  // The second one has a pod of its own.
  const redis = container({ image: 'redis:7', portMappings: ['6379'] })
  const { context } = await prepare({ services: [redis, redis] })
  expect(context?.services?.map(({ id }) => id === POD)).toEqual([true, false])
})

test('what fails while the pod is on its way leaves no pod that nobody removes', async () => {
  rmSync(join(bench.home, 'externals'), { recursive: true })
  bench.server.intercept('POST pods', async () => sleep(300))
  await expect(prepare()).rejects.toThrow(/externals/)
  await sleep(300)
  expect(left()).toEqual([])
})

describe('a template', () => {
  const withTemplate = async (yaml: string, args: Partial<PrepareJob['args']> = {}): Promise<unknown> => {
    const file = join(bench.home, 'template.yaml')
    writeFileSync(file, yaml)
    return prepare(args, { env: { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: file } })
  }

  test('is refused with everything that is wrong, before anything is asked', async () => {
    const wrong = withTemplate('spec: { nodeName: n, containers: [{ name: $job, volumeMount: [] }] }')
    await expect(wrong).rejects.toMatchObject({ code: 'TEMPLATE' })
    await expect(wrong).rejects.toThrow(/volumeMounts meant\?; spec.nodeName: goes around the scheduler/)
    expect(bench.server.asked).toEqual([])
  })

  test('whose sidecar fails before the job begins fails the job at once, with the words of the sidecar', async () => {
    bench.server.onCreate('pods', pod => {
      bench.server.logs.print(POD, 'agent', 'no token')
      pod.status = ended({ ...pod, status: running(pod) }, { agent: 3 })
    })
    await expect(withTemplate('spec: { containers: [{ name: agent, image: a }] }')).rejects.toMatchObject({
      code: 'POD_FAILED',
      fault: 'configuration',
      message: expect.stringContaining(
        '"agent" of pod "arc-runner-1-workflow", which is of the hook template, ended with exit code 3'
      )
    })
    expect(bench.printed).toEqual(expect.arrayContaining(['::group::Log of container agent', 'no token']))
    expect(left()).toEqual([])
  })

  test('with an entry for no service of the job is a warning', async () => {
    const services = [container({ image: 'redis:7' })]
    await withTemplate('spec: { containers: [{ name: $reddis }] }', { services })
    expect(bench.printed).toContain(
      '::warning::The hook template has $reddis, but the services of this job are $redis.'
    )
  })
})

describe('runners in one namespace', () => {
  test.each([
    [RUNNER, `${RUNNER}-step`],
    [RUNNER, `${RUNNER}-workflow-2`],
    [`${RUNNER}-2`, RUNNER],
    ['a'.repeat(63), `${'a'.repeat(62)}b`],
    [`${'a'.repeat(63)}b`, `${'a'.repeat(63)}c`]
  ])('never touch what is of the other: %s beside %s', async (mine, other) => {
    for (const name of [mine, other]) if (name !== RUNNER) bench.server.put('pods', bench.runner(name))
    await prepare({}, { runnerPod: other })
    const theirs = [...bench.server.names('pods'), ...bench.server.names('secrets')]
    await prepare({}, { runnerPod: mine })
    // A second time in one runner begins from clean.
    await prepare({}, { runnerPod: mine })
    const now = [...bench.server.names('pods'), ...bench.server.names('secrets')]
    expect(now.filter(name => theirs.includes(name))).toEqual(theirs)
    expect(now).toHaveLength(theirs.length + 2)
    for (const { metadata } of [...bench.server.all('pods'), ...bench.server.all('secrets')]) {
      for (const name of [metadata?.labels?.['runner-pod'] ?? '', metadata?.name ?? ''].filter(
        n => n !== mine && n !== other
      ))
        expect(name.length).toBeLessThanOrEqual(63)
    }
  })

  test("of which one has the name of the other's job pod: the job fails, and that runner goes on", async () => {
    bench.server.put('pods', bench.runner(POD))
    await expect(prepare()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(bench.server.get('pods', POD)?.metadata?.uid).toBe(`uid of ${POD}`)
  })
})

test('a cancelled job ends at once, and removes what it made', async () => {
  const cancelled = new AbortController()
  bench.server.onCreate('pods', () => cancelled.abort())
  await expect(prepare({}, { cancelled: cancelled.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  expect(left()).toEqual([])
})

describe('services', () => {
  const redis = container({ image: 'redis:7', portMappings: ['6379:6379'] })

  /** What the worker of the runner writes into its log of the job with these services. */
  const workerLog = (services: Readonly<Record<string, string>>): void => {
    const text = (lit: string) => ({ type: 0, file: 1, line: 8, col: 7, lit })
    const mapping = (pairs: Readonly<Record<string, object>>): object => ({
      type: 2,
      map: Object.entries(pairs).map(([key, value]) => ({ key: text(key), value }))
    })
    const jobServiceContainers = mapping(
      Object.fromEntries(Object.entries(services).map(([key, image]) => [key, mapping({ image: text(image) })]))
    )
    mkdirSync(join(bench.home, '_diag'))
    writeFileSync(
      join(bench.home, '_diag/Worker_20261129-120000-utc.log'),
      `[2026-11-29 12:00:00Z INFO Worker] Job message:\n ${JSON.stringify({ jobServiceContainers }, null, 2)}\n`
    )
  }

  test('run beside the job, and in pods of their own when their port is taken; all are reached by name', async () => {
    workerLog({ cache: 'redis:7', queue: 'redis:7', web: 'nginx' })
    let count = 6
    bench.server.onCreate('pods', pod => (pod.status = { ...running(pod), podIP: `10.0.0.${(count += 1)}` }))
    const { context, state } = await prepare({
      container: { ...JOB, createOptions: '--hostname builder' },
      services: [redis, redis, container({ image: 'nginx', createOptions: '--network-alias www --cpus 1' })]
    })

    const [own = ''] = bench.server.names('pods').filter(name => name.includes('-service-'))
    const pod = bench.server.get('pods', own)
    expect(pod?.metadata).toMatchObject({
      labels: { 'runner-pod': RUNNER },
      ownerReferences: [{ name: RUNNER }],
      annotations: { 'kaniko-hooks/services': '{"redis-2":"queue"}' }
    })
    expect(pod?.spec?.hostAliases).toEqual([{ ip: '127.0.0.1', hostnames: ['queue', 'redis-2'] }])
    expect(pod?.spec).toMatchObject({
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'runner-pull' }]
    })

    const job = bench.server.get('pods', POD)
    expect(job?.spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis', 'nginx'])
    expect(job?.spec?.hostAliases).toEqual([
      { ip: '127.0.0.1', hostnames: ['cache', 'redis', 'web', 'www', 'nginx'] },
      { ip: '10.0.0.7', hostnames: ['queue', 'redis-2'] }
    ])
    expect(context?.services).toEqual([
      { id: POD, network: POD, image: 'redis:7', ports: { '6379': '6379' } },
      { id: own, network: own, image: 'redis:7', ports: { '6379': '6379' } },
      { id: POD, network: POD, image: 'nginx', ports: {} }
    ])
    expect(readState(state, RUNNER)).toMatchObject({
      hasServices: true,
      hosts: [
        { ip: '10.0.0.8', names: [POD, 'builder', 'cache', 'redis', 'web', 'www', 'nginx'] },
        { ip: '10.0.0.7', names: ['queue', 'redis-2'] }
      ]
    })
    expect(bench.server.get('pods', POD)?.spec?.containers).toContainEqual(
      expect.objectContaining({ name: 'nginx', resources: { limits: { cpu: '1000m' }, requests: { cpu: '0m' } } })
    )
  })

  test('that end before the job begins fail it, with their last words', async () => {
    bench.server.onCreate('pods', pod => (pod.status = ended(pod, { redis: 1 })))
    bench.server.logs.print(POD, 'redis', 'starting', 'FATAL no config')
    await expect(prepare({ services: [redis] })).rejects.toThrow(/The service redis \(redis:7\) ended with exit code 1/)
    expect(bench.printed).toEqual(
      expect.arrayContaining(['::group::Log of service redis', 'starting', 'FATAL no config'])
    )
    expect(left()).toEqual([])
  })

  test('that end in a pod of their own fail it as well, and no pod is left', async () => {
    bench.server.onCreate('pods', pod => (pod.status = ended(pod, { 'redis-2': 3 })))
    await expect(prepare({ services: [redis, redis] })).rejects.toThrow(/The service redis-2 .* ended with exit code 3/)
    expect(bench.server.names('pods')).toEqual([RUNNER])
    expect(left()).toEqual([])
  })

  test('that are unhealthy fail the job with the words of the check and of their log', async () => {
    bench.server.exec = async ({ container: name, complain }) =>
      name === 'redis' ? complain('Could not connect\n').then(() => 1) : 0
    bench.server.logs.print(POD, 'redis', 'loading')
    const checked = {
      ...redis,
      createOptions: '--health-cmd "redis-cli ping" --health-interval 1ms --health-retries=2'
    }
    await expect(prepare({ services: [checked] })).rejects.toMatchObject({
      code: 'POD_FAILED',
      fault: 'user',
      message:
        'The service redis (redis:7) is unhealthy: its health check failed 2 times, at last with exit code 1: Could not connect'
    })
    expect(bench.printed).toEqual(expect.arrayContaining(['::group::Log of service redis', 'loading']))
    expect(left()).toEqual([])
  })

  test('without a job container mount the work directory from its claim, on its node', async () => {
    const volume = { sourceVolumePath: join(bench.work, 'app/app/data'), targetVolumePath: '/data', readOnly: true }
    let spec: V1Pod['spec']
    bench.server.onCreate('pods', pod => {
      spec = pod.spec
      pod.status = waiting(pod, 'InvalidImageName', '')
    })
    await expect(prepare({ container: null, services: [{ ...redis, userMountVolumes: [volume] }] })).rejects.toThrow()
    expect(spec?.containers).toMatchObject([
      { name: 'redis', volumeMounts: [{ name: 'work', mountPath: '/data', subPath: 'app/app/data', readOnly: true }] }
    ])
    expect(spec?.volumes).toContainEqual({ name: 'work', persistentVolumeClaim: { claimName: `${RUNNER}-work` } })
    expect(spec?.affinity?.nodeAffinity).toBeDefined()
  })

  test('that mount a path of the host are refused before anything is made', async () => {
    const volumes = [{ sourceVolumePath: '/a', targetVolumePath: '/b', readOnly: false }]
    await expect(prepare({ services: [{ ...redis, userMountVolumes: volumes }] })).rejects.toMatchObject({
      code: 'UNSUPPORTED'
    })
    expect(bench.server.changes).toEqual([])
  })
})

describe('options', () => {
  const withOptions = (createOptions: string) => ({ ...JOB, createOptions })

  test('of the job and of services become fields of the pod, and their variables part of its Secret', async () => {
    const redis = container({ image: 'redis:7', createOptions: '-m 64m --entrypoint server -p 6379' })
    const { context } = await prepare({
      container: withOptions('--user 1001 -h builder -e GREETING=options -e SECRET=s3cret -v /cache'),
      services: [redis]
    })
    const pod = bench.server.get('pods', POD)
    expect(pod?.spec).toMatchObject({
      hostname: 'builder',
      containers: [
        { name: 'job', securityContext: { runAsUser: 1001 } },
        { name: 'redis', command: ['server'], resources: { limits: { memory: '67108864' } } }
      ]
    })
    expect(pod?.spec?.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/cache')
    expect(context?.services?.[0]?.ports).toEqual({ '6379': '6379' })
    expect(JSON.stringify(pod)).not.toContain('s3cret')
    const values = Object.values(bench.server.all('secrets')[0]?.data ?? {}).map(value => atob(value))
    expect(values).toEqual(expect.arrayContaining(['hello', 's3cret']))
    expect(values).not.toContain('options')
  })

  test.each([
    ['--cpus lots', 'INPUT', 'The options of the job container cannot be used: invalid argument "lots" for "--cpus"'],
    ['--privileged', 'UNSUPPORTED', 'options.allow: ["privileged"]'],
    ['--env-file /etc/passwd', 'INPUT', 'only files below']
  ])('%s: refused before anything is asked', async (text, code, message) => {
    const refusal = { code, message: expect.stringContaining(message) }
    await expect(prepare({ container: withOptions(text) })).rejects.toMatchObject(refusal)
    expect(bench.server.asked).toEqual([])
  })

  test('without meaning are told in one warning, with those of files', async () => {
    writeFileSync(join(bench.work, 'app/app/.env'), 'A=1\nTOKEN\n')
    await prepare({ container: withOptions('--ulimit nofile=1 --restart always --env-file .env') })
    expect(bench.printed.filter(line => line.includes('options'))).toEqual([
      '::warning::The job container: options without meaning in a pod are ignored: --ulimit, --restart, TOKEN of --env-file (without a value).'
    ])
  })

  test('are allowed by the settings, and the hook template wins over them', async () => {
    const file = join(bench.home, 'template.yaml')
    writeFileSync(file, 'spec: { containers: [{ name: $job, securityContext: { runAsUser: 5 } }] }\n')
    await prepare(
      { container: withOptions('--privileged --user 6') },
      { settings: { options: { allow: ['privileged'] } }, env: { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: file } }
    )
    expect(bench.server.get('pods', POD)?.spec?.containers[0]?.securityContext).toEqual({
      privileged: true,
      runAsUser: 5
    })
  })
})
