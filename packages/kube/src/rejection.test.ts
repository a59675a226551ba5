import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ApiServer, ended } from '@kaniko-hooks/testing'
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { Kube } from './kube.js'
import { podProblem } from './pod-problem.js'
import { untilAccepted } from './rejection.js'
import { waitForPod } from './wait-for-pod.js'

const REJECTED: V1PodStatus = {
  phase: 'Failed',
  reason: 'OutOfcpu',
  message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000"
}

let server: ApiServer
let kube: Kube
const told: string[] = []

beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config)
  told.length = 0
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

const start = async (): Promise<V1Pod> => {
  await kube.create('pods', { metadata: { name: 'a' }, spec: { containers: [{ name: 'main' }] } })
  return waitForPod(kube, 'a', 'running', { timeoutMs: 5_000 })
}
const startTwice = async (signal?: AbortSignal): Promise<V1Pod> =>
  untilAccepted(start, {
    remove: async () => kube.delete('pods', 'a', { gracePeriodSeconds: 0 }),
    onRejected: sentence => told.push(sentence),
    ...(signal && { signal })
  })

/** The first pods are rejected. */
function reject(times: number, status = REJECTED): void {
  let left = times
  const run = (pod: V1Pod): V1PodStatus => ({ ...ended(pod, {}), phase: 'Running' })
  server.onCreate('pods', pod => (pod.status = left-- > 0 ? status : run(pod)))
}

test('a pod that its node rejects is created again, and each time is told', async () => {
  reject(2)
  expect((await startTwice()).status?.phase).toBe('Running')
  expect(server.changes).toEqual(['POST pods', 'DELETE pods/a', 'POST pods', 'DELETE pods/a', 'POST pods'])
  expect(told).toEqual([
    expect.stringMatching(/^Pod "a" was rejected .*OutOfcpu.*requested: 2000. It is created again \(1 of 3\).$/),
    expect.stringContaining('(2 of 3)')
  ])
})

test('at most three times', async () => {
  reject(9)
  await expect(startTwice()).rejects.toMatchObject({ code: 'POD_FAILED', reason: 'OutOfcpu', fault: 'cluster' })
  expect(server.changes.filter(change => change === 'POST pods')).toHaveLength(4)
  expect(told).toHaveLength(3)
})

test('not when the call is cancelled', async () => {
  reject(9)
  await expect(startTwice(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
  expect(told).toHaveLength(1)
})

describe('what ran is not run again', () => {
  const failed = (status: V1PodStatus): V1Pod => ({ metadata: { name: 'a' }, status: { phase: 'Failed', ...status } })
  const main = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0 }
  const rejections: readonly V1PodStatus[] = [
    REJECTED,
    { reason: 'UnexpectedAdmissionError' },
    { reason: 'NodeShutdown', containerStatuses: [{ ...main, state: { waiting: { reason: 'ContainerCreating' } } }] },
    { reason: 'Evicted' }
  ]
  test.each(rejections)('nothing of it ran: %j', status => {
    expect(podProblem(failed(status))).toMatchObject({ beforeStart: true })
  })

  const others: readonly V1PodStatus[] = [
    { reason: 'Evicted', containerStatuses: [{ ...main, state: { terminated: { exitCode: 137 } } }] },
    { reason: 'NodeShutdown', initContainerStatuses: [{ ...main, state: { running: {} } }] },
    { reason: 'Evicted', containerStatuses: [{ ...main, lastState: { terminated: { exitCode: 1 } } }] },
    { reason: 'DeadlineExceeded' },
    { reason: 'OutOfcpu', phase: 'Running' },
    {}
  ]
  test.each(others)('it may have begun, or would end so again: %j', status => {
    expect(podProblem(failed(status))?.beforeStart).toBeUndefined()
  })
})
