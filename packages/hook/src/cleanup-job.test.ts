import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'
import { forbidden, refused } from '@kaniko-hooks/testing'

import { cleanupJob } from './cleanup-job.js'
import { Bench, RUNNER, stateOf, type CallOptions } from './job/call.fixture.js'
import type { State } from './job/state.js'

const POD = `${RUNNER}-workflow`

let bench: Bench
beforeEach(async () => (bench = await Bench.start()))
afterEach(async () => bench.stop())

const labels = { 'runner-pod': RUNNER }

function jobPod(...services: readonly string[]): V1Pod {
  const containers = ['job', ...services].map(name => ({ name, image: name }))
  const titles = JSON.stringify(Object.fromEntries(services.map(name => [name, `the ${name}`])))
  const annotations = services.length === 0 ? {} : { 'kaniko-hooks/services': titles }
  const volumes = [{ name: 'work', persistentVolumeClaim: { claimName: 'work' } }]
  return bench.server.put('pods', { metadata: { name: POD, labels, annotations }, spec: { containers, volumes } })
}

const cleanUp = async (options: CallOptions = {}, state: Partial<State> = {}): Promise<void> =>
  cleanupJob(bench.call(options), { state: stateOf(bench, state) })

/** How many seconds the job's pod got to end. */
function grace(): unknown {
  const deletion = bench.server.sightings.find(({ line }) => line === `DELETE pods/${POD}`)
  return (deletion?.body as { gracePeriodSeconds?: number } | undefined)?.gracePeriodSeconds
}

test('pods go first, then Jobs, then Secrets, and the runner itself stays', async () => {
  jobPod()
  bench.server.put('jobs', { metadata: { name: 'step', labels } })
  bench.server.put('secrets', { metadata: { name: 'environment', labels } })
  const runner = bench.runner('itself')
  bench.server.put('pods', { ...runner, metadata: { ...runner.metadata, labels: { 'runner-pod': 'itself' } } })
  await cleanUp()
  await cleanUp({ runnerPod: 'itself' })
  expect(bench.server.changes).toEqual([`DELETE pods/${POD}`, 'DELETE jobs/step', 'DELETE secrets/environment'])
  expect(bench.server.names('pods')).toEqual([RUNNER, 'itself'])
  expect(bench.printed).toEqual([])
})

test('the objects of other runners stay', async () => {
  bench.server.put('pods', { metadata: { name: 'other', labels: { 'runner-pod': 'arc-runner-2' } } })
  bench.server.put('secrets', { metadata: { name: 'theirs' } })
  await cleanUp()
  expect(bench.server.changes).toEqual([])
})

test('a second clean-up finds nothing to do', async () => {
  jobPod()
  await cleanUp()
  const before = bench.server.changes.length
  await cleanUp()
  expect(bench.server.changes).toHaveLength(before)
})

test('images and Secrets wait until the pod is gone, which may still use them', async () => {
  jobPod()
  bench.server.put('secrets', { metadata: { name: 'environment', labels } })
  bench.server.lingerMs = 300
  await cleanUp()
  const { asked } = bench.server
  const lastLook = asked.lastIndexOf(`GET pods/${POD}`)
  expect(asked.slice(0, lastLook).filter(line => line === `GET pods/${POD}`).length).toBeGreaterThan(0)
  expect(asked.indexOf('DELETE secrets/environment')).toBeGreaterThan(lastLook)
})

test('the pod of a job that sees nothing of the disk of the runner is not waited for, that of a build is', async () => {
  bench.server.put('pods', { metadata: { name: POD, labels }, spec: { containers: [{ name: 'job' }] } })
  bench.server.put('pods', { metadata: { name: `${RUNNER}-build-1`, labels } })
  bench.server.put('secrets', { metadata: { name: 'environment', labels } })
  bench.server.lingerMs = 300
  await cleanUp()
  const { asked } = bench.server
  expect(asked).toContain(`DELETE pods/${POD}`)
  expect(asked).not.toContain(`GET pods/${POD}`)
  expect(asked.indexOf('DELETE secrets/environment')).toBeGreaterThan(asked.lastIndexOf(`GET pods/${RUNNER}-build-1`))
  expect(asked).toContain(`GET pods/${RUNNER}-build-1`)
})

test('a pod on the volume of the runner is waited for, whatever a job may have written into the state', async () => {
  jobPod()
  bench.server.lingerMs = 300
  await cleanUp({}, { runner: { ...stateOf(bench).runner, volume: { kind: 'own-disk' } } })
  expect(bench.server.asked).toContain(`GET pods/${POD}`)
})

describe('the time that a pod gets to end', () => {
  test('is a second for a job without services', async () => {
    jobPod()
    await cleanUp()
    expect(grace()).toBe(1)
    expect(bench.server.asked).not.toContain(`GET pods/${POD}/exec`)
  })

  test('is ten seconds when a service notices that it is asked to end', async () => {
    jobPod('postgres', 'redis')
    bench.server.exec = async ({ container, print }) =>
      print(container === 'postgres' ? 'INT TERM\n' : ' \n').then(() => 0)
    await cleanUp()
    expect(grace()).toBe(10)
  })

  test('is a second when no service would notice', async () => {
    jobPod('sleep')
    bench.server.exec = async ({ print }) => print(' \n').then(() => 0)
    await cleanUp()
    expect(grace()).toBe(1)
  })

  test('is ten seconds for a service of which nobody knows, as one without a shell', async () => {
    jobPod('distroless')
    bench.server.exec = () => 127
    await cleanUp()
    expect(grace()).toBe(10)
  })

  test('is a second when the runner cancels, and the pod is not waited for', async () => {
    jobPod('postgres')
    bench.server.lingerMs = 60_000
    await cleanUp({ cancelled: AbortSignal.abort() })
    expect(grace()).toBe(1)
  })
})

describe('the logs of services', () => {
  test('are printed before their pods go, and no command in them is obeyed', async () => {
    jobPod('postgres', 'redis')
    const own = { name: `${RUNNER}-service-1`, labels, annotations: { 'kaniko-hooks/services': '{"web":"site"}' } }
    bench.server.put('pods', { metadata: own, spec: { containers: [{ name: 'web' }] } })
    bench.server.logs.print(POD, 'postgres', 'ready', '::set-output name=x::y')
    bench.server.logs.print(own.name, 'web', 'GET /')
    await cleanUp({}, { hasServices: true })
    const printed = bench.printed.map(line => line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'TOKEN'))
    expect(printed).toEqual([
      '::group::Print service container logs: the postgres',
      '::stop-commands::TOKEN',
      'ready',
      '::set-output name=x::y',
      '::TOKEN::',
      '::endgroup::',
      '::group::Print service container logs: site',
      '::stop-commands::TOKEN',
      'GET /',
      '::TOKEN::',
      '::endgroup::'
    ])
    expect(bench.server.names('pods')).toEqual([RUNNER])
  })

  test('are not asked for in a job without services, nor when the runner cancels', async () => {
    jobPod('postgres')
    await cleanUp()
    jobPod('postgres')
    await cleanUp({ cancelled: AbortSignal.abort() }, { hasServices: true })
    expect(bench.server.asked.filter(line => line.endsWith('/log'))).toEqual([])
  })

  test('that cannot be read say why, and everything goes', async () => {
    jobPod('postgres')
    bench.server.refuse(`GET pods/${POD}/log`, forbidden('get', 'pods/log', 'runners'))
    await cleanUp({}, { hasServices: true })
    expect(bench.printed).toContainEqual(expect.stringContaining('pods/log'))
    expect(bench.server.names('pods')).toEqual([RUNNER])
  })
})

describe('what stays', () => {
  test('is a warning that says what the server said, and everything else goes', async () => {
    jobPod()
    bench.server.put('secrets', { metadata: { name: 'environment', labels } })
    bench.server.refuse(`DELETE pods/${POD}`, refused(403, 'Forbidden', 'admission webhook "w" denied the request: no'))
    await cleanUp()
    expect(bench.printed).toEqual([expect.stringMatching(/^::warning::Clean-up: .*webhook "w" denied the request: no/)])
    expect(bench.server.names('secrets')).toEqual([])
  })

  test('is no warning where the role has no Jobs: then there are none', async () => {
    bench.server.refuse('GET jobs', forbidden('list', 'jobs.batch', 'runners'))
    await cleanUp()
    expect(bench.printed).toEqual([])
  })
})

test('in a namespace of its own, what killed runners left is swept last', async () => {
  const old = new Date(Date.now() - 2 * 3_600_000)
  const orphan = { 'kaniko-hooks/runner-namespace': 'runners', 'kaniko-hooks/runner-uid': 'gone' }
  const metadata = { name: 'orphan', labels: orphan, creationTimestamp: old }
  bench.server.put('secrets', { metadata }, 'jobs')
  bench.server.put('secrets', { metadata: { name: 'environment', labels } }, 'jobs')
  await cleanUp({ podNamespace: 'jobs' })
  expect(bench.server.changes).toEqual(['DELETE secrets/environment in jobs', 'DELETE secrets/orphan in jobs'])
})
