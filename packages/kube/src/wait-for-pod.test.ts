import type { V1ContainerState, V1Pod } from '@kubernetes/client-node'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Kube } from './kube.js'
import { localServer, type LocalServer, refused, respond } from '@kaniko-hooks/testing'
import { waitForPod } from './wait-for-pod.js'

const opened: LocalServer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

const running: V1ContainerState = { running: {} }
const ended: V1ContainerState = { terminated: { exitCode: 0 } }
const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }

interface State {
  readonly phase?: string
  readonly main?: V1ContainerState
  readonly sidecar?: V1ContainerState
  readonly uid?: string
  readonly conditions?: readonly object[]
  readonly reason?: string
}

function podIn({ main, sidecar, uid = 'u1', ...status }: State): object {
  const statuses = Object.entries({ main, sidecar }).map(([name, state]) => ({
    name,
    state: state ?? {},
    restartCount: 0
  }))
  return {
    metadata: { name: 'a', uid },
    spec: { containers: [{ name: 'main' }, { name: 'sidecar' }] },
    status: { phase: 'Pending', containerStatuses: statuses, ...status }
  }
}

/** A cluster in which the pod goes through these states, one at each look; the last one stays. `gone` is a 404. */
async function clusterWith(...states: (State | 'gone')[]): Promise<{ kube: Kube; looks: () => number }> {
  let looks = 0
  const server = await localServer(({ query }, response) => {
    // As the stock role has it.
    if (query.has('watch')) {
      respond(response, 403, refused(403, 'Forbidden', 'pods is forbidden'))
      return undefined
    }
    const state = states[Math.min(looks, states.length - 1)]
    looks += 1
    if (state !== undefined && state !== 'gone') return podIn(state)
    respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))
    return undefined
  })
  opened.push(server)
  return { kube: new Kube(server.config), looks: () => looks }
}

describe('waitForPod', () => {
  test.each<[string, Parameters<typeof waitForPod>[2], string | undefined, State[], number]>([
    ['all containers run', 'running', undefined, [{ main: running }, { main: running, sidecar: running }], 2],
    ['one container runs', 'running', 'main', [{}, { main: running }], 2],
    ['one container has already ended', 'running', 'main', [{ main: ended }], 1],
    [
      'the pod has ended',
      'ended',
      undefined,
      [
        { phase: 'Running', main: ended },
        { phase: 'Succeeded', main: ended, sidecar: ended }
      ],
      2
    ],
    [
      'one container has ended and another runs',
      'ended',
      'main',
      [
        { phase: 'Running', main: running, sidecar: running },
        { phase: 'Running', main: ended, sidecar: running }
      ],
      2
    ],
    [
      'the last container has ended and the phase says so',
      'ended',
      'main',
      [
        { phase: 'Running', main: ended, sidecar: ended },
        { phase: 'Failed', main: ended, sidecar: ended }
      ],
      2
    ],
    ['an own question is answered', pod => pod.status?.phase === 'Running', undefined, [{}, { phase: 'Running' }], 2]
  ])('returns the pod when %s', async (_name, until, container, states, expected) => {
    const { kube, looks } = await clusterWith(...states)
    const pod = await waitForPod(kube, 'a', until, {
      timeoutMs: 5_000,
      ...(container !== undefined && { container })
    })
    expect(pod.metadata?.name).toBe('a')
    expect(looks()).toBe(expected)
  })

  test.each<[string, V1Pod | undefined, number]>([
    ['that was made just now', podIn({}), 2],
    ['that somebody else has made', undefined, 2]
  ])('looks at a pod %s only when it is worth it', async (_name, known, expected) => {
    const { kube, looks } = await clusterWith({}, { main: running, sidecar: running })
    const before: number[] = []
    const pause = (ageMs: number): number => {
      before.push(looks())
      expect(ageMs).toBeGreaterThanOrEqual(1_000)
      return 20
    }
    await waitForPod(kube, 'a', 'running', {
      timeoutMs: 5_000,
      known,
      looks: { since: performance.now() - 1_000, pause }
    })
    expect(looks()).toBe(expected)
    expect(before).toEqual([0, 1])
  })

  test.each<[string, (State | 'gone')[], object]>([
    [
      'cannot start',
      [{ main: { waiting: { reason: 'InvalidImageName', message: 'bad' } } }],
      { reason: 'InvalidImageName', fault: 'user', problem: { container: 'main' } }
    ],
    [
      'was rejected by its node',
      [{ phase: 'Failed', reason: 'OutOfcpu' }],
      { reason: 'OutOfcpu', problem: { fatal: 'now' } }
    ],
    [
      'could not start',
      [{ phase: 'Failed', main: { terminated: { exitCode: 128, reason: 'StartError' } } }],
      { reason: 'StartError' }
    ],
    ['vanished', [{}, 'gone'], { reason: 'Deleted' }],
    ['was replaced', [{}, { uid: 'u2' }], { reason: 'Replaced' }]
  ])('throws when the pod %s', async (_name, states, expected) => {
    const { kube } = await clusterWith(...states)
    await expect(waitForPod(kube, 'a', 'running', { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'POD_FAILED',
      ...expected
    })
  })

  test('throws when the pod ended before an own question was answered', async () => {
    const { kube } = await clusterWith({ phase: 'Succeeded', main: ended, sidecar: ended })
    await expect(waitForPod(kube, 'a', () => false, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('main: exit code 0')
    })
  })

  test('an unschedulable pod is told once, and waited for until the time is up', async () => {
    const { kube } = await clusterWith({ conditions: [unschedulable] })
    const told: string[] = []
    const waiting = waitForPod(kube, 'a', 'running', { timeoutMs: 600, onProblem: ({ message }) => told.push(message) })
    await expect(waiting).rejects.toMatchObject({
      code: 'TIMEOUT',
      reason: 'Unschedulable',
      message: expect.stringMatching(/in 0\.6 s\. .*0\/3 nodes/)
    })
    expect(told).toEqual([expect.stringContaining('0/3 nodes')])
  })

  test('a pod that finds its node after all is returned', async () => {
    const { kube } = await clusterWith({ conditions: [unschedulable] }, { main: running, sidecar: running })
    await expect(waitForPod(kube, 'a', 'running', { timeoutMs: 5_000 })).resolves.toBeDefined()
  })

  test('each state is shown', async () => {
    const { kube } = await clusterWith({}, { phase: 'Running', main: running, sidecar: running })
    const phases: (string | undefined)[] = []
    await waitForPod(kube, 'a', 'running', { timeoutMs: 5_000, onPod: pod => phases.push(pod.status?.phase) })
    expect(phases).toEqual(['Pending', 'Running'])
  })

  test('ends with its signal', async () => {
    const { kube } = await clusterWith({})
    const controller = new AbortController()
    const options = { timeoutMs: 5_000, signal: controller.signal, onPod: () => controller.abort() }
    await expect(waitForPod(kube, 'a', 'running', options)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
