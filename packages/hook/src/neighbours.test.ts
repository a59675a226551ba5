import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ended } from '@kaniko-hooks/testing'

import { cleanupJob } from './cleanup-job.js'
import { writeRecord } from './images/records/record.js'
import { Bench, container, RUNNER, stateOf } from './job/call.fixture.js'
import { prepareJob } from './prepare-job.js'
import { runContainerStep } from './run-container-step.js'

const NEIGHBOURS = 500

let bench: Bench
beforeEach(async () => (bench = await Bench.start()))
afterEach(async () => bench.stop())

/** Pods of other runners and programs, their Secrets, and records of what they built and keep. */
async function settle(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const labels =
      number % 2 === 0 ? { 'runner-pod': `arc-other-${number}` } : { app: 'theirs', 'job-name': `j${number}` }
    bench.server.put('pods', { metadata: { name: `pod-${number}`, labels } })
    bench.server.put('secrets', { metadata: { name: `secret-${number}`, labels } })
  }
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString()
  const { kube } = bench.call()
  for (let number = 0; number < count; number += 1) {
    const runnerPod = `arc-other-${number}`
    const image = {
      key: number.toString(16).padStart(64, '0'),
      contentKey: 'c'.repeat(64),
      job: `octo/app run ${number}`,
      images: [{ pushRef: `registry/kaniko/actions:t${number}` }],
      ...(number % 2 === 0 ? { keep: { scope: 's', until } } : {})
    }
    await writeRecord(kube, { runnerPod, uid: `uid of ${runnerPod}`, annotations: {} }, image, 'runners')
  }
}

/** A whole job: what its lists gave, by resource and selector, without what is new in each job. */
async function job(): Promise<string[]> {
  bench.server.onCreate('jobs', ({ metadata }) => {
    const pod = { name: `${metadata?.name ?? ''}-x`, labels: { 'job-name': metadata?.name ?? '' } }
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: '', uid: metadata?.uid ?? '' }]
    const spec = { containers: [{ name: 'job' }] }
    const made = bench.server.put('pods', { metadata: { ...pod, ownerReferences }, spec })
    made.status = ended(made, { job: 0 })
  })
  const from = bench.server.listed.length
  bench.server.exec = async ({ print }) => print('\n').then(() => 0)
  await prepareJob(bench.call(), {
    command: 'prepare_job',
    responseFile: '',
    state: null,
    args: { container: container({ image: 'debian:12' }), services: [] }
  })
  await runContainerStep(bench.call(), {
    command: 'run_container_step',
    responseFile: '',
    state: stateOf(bench),
    args: container({ image: 'busybox' })
  })
  await cleanupJob(bench.call(), { state: stateOf(bench) })
  return bench.server.listed
    .slice(from)
    .map(({ resource, labelSelector, count }) => {
      expect(labelSelector).not.toBe('')
      return `${resource} ${labelSelector.replace(/step-\w+/, 'step').replace(/ notin .*/, '')}: ${count}`
    })
    .sort()
}

test('a job reads the same, whatever else lies in its namespace', async () => {
  const alone = await job()
  const requests = bench.server.asked.length
  await settle(NEIGHBOURS)
  const before = bench.server.asked.length
  const together = await job()
  expect(new Set(together)).toEqual(new Set(alone))
  expect(bench.server.asked.length - before).toBeLessThanOrEqual(requests + 4)
  expect(bench.server.names('pods')).toHaveLength(NEIGHBOURS + 1)
  expect(bench.server.names('pods')).toContain(RUNNER)
})
