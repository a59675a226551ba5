import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ended, forbidden, quotaExceeded, refused, waiting } from '@kaniko-hooks/testing'

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
    expect(asked).toEqual([
      `GET pods/${RUNNER}`,
      'GET pods',
      'GET jobs',
      'GET secrets',
      'GET secrets',
      'POST secrets',
      'POST pods',
      `GET pods/${POD}`,
      `GET pods/${POD}/exec`
    ])
    const pod = bench.server.get('pods', POD)
    expect(pod?.metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: RUNNER, uid: `uid of ${RUNNER}` }])
    expect(pod?.spec?.containers.map(({ name, image }) => [name, image])).toEqual([['job', 'debian:12']])
  })

  test('gets its variables from a Secret, never from the pod', async () => {
    await prepare()
    const [secret] = bench.server.all('secrets')
    const values = Object.values(secret?.data ?? {}).map(value => Buffer.from(value, 'base64').toString())
    expect(values).toEqual(['true', 'hello', 'true'])
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
      '::group::Log of init container fetch',
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
    expect(bench.server.asked.filter(line => line === `GET pods/${POD}`).length).toBeGreaterThan(2)
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

test('a cancelled job ends at once, and removes what it made', async () => {
  const cancelled = new AbortController()
  bench.server.onCreate('pods', () => cancelled.abort())
  await expect(prepare({}, { cancelled: cancelled.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  expect(left()).toEqual([])
})

describe('services', () => {
  const redis = container({ image: 'redis:7', portMappings: ['6379:6379'] })

  test('run beside the job under the names of their images, and the answer has their ports', async () => {
    const { context, state } = await prepare({ services: [redis] })
    const spec = bench.server.get('pods', POD)?.spec
    expect(spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis'])
    expect(spec?.hostAliases).toEqual([{ ip: '127.0.0.1', hostnames: ['redis'] }])
    expect(context?.services).toEqual([{ id: POD, network: POD, image: 'redis:7', ports: { '6379': '6379' } }])
    expect(readState(state, RUNNER)?.services).toEqual({ ip: '10.0.0.7', names: ['redis'] })
  })

  test('that end before the job begins fail it, with their last words', async () => {
    bench.server.onCreate('pods', pod => (pod.status = ended(pod, { redis: 1 })))
    bench.server.logs.print(POD, 'redis', 'starting', 'FATAL no config')
    await expect(prepare({ services: [redis] })).rejects.toThrow(/The service redis ended with exit code 1/)
    expect(bench.printed).toEqual(
      expect.arrayContaining(['::group::Log of service redis', 'starting', 'FATAL no config'])
    )
    expect(left()).toEqual([])
  })

  test('have options and volumes that are ignored, which is a warning', async () => {
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'InvalidImageName', '')))
    const volumes = [{ sourceVolumePath: '/a', targetVolumePath: '/b', readOnly: false }]
    const odd = { ...redis, createOptions: '--privileged', userMountVolumes: volumes }
    await expect(prepare({ services: [odd] })).rejects.toThrow()
    expect(bench.printed).toContain('::warning::The service redis:7: options are ignored: --privileged')
    expect(bench.printed).toContain('::warning::The service redis:7: volumes are ignored.')
  })
})
