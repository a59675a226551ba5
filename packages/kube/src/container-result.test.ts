import type { V1ContainerState, V1ObjectMeta, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { describe, expect, test } from '@jest/globals'
import { containerResult } from './container-result.js'

function podWith(
  states: Readonly<Record<string, V1ContainerState>>,
  status: V1PodStatus,
  metadata: V1ObjectMeta = {}
): V1Pod {
  return {
    metadata: { name: 'a', ...metadata },
    spec: { containers: Object.keys(states).map(name => ({ name })) },
    status: {
      ...status,
      containerStatuses: Object.entries(states).map(([name, state]) => ({
        name,
        state,
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0
      }))
    }
  }
}

const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): V1ContainerState => ({
  terminated: { exitCode, reason }
})
const running: V1ContainerState = { running: {} }
const disrupted = [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }]

describe('containerResult', () => {
  test.each<[string, V1Pod, boolean]>([
    ['before the phase comes', podWith({ main: ended(0) }, { phase: 'Running' }), true],
    ['of a pod that is deleted', podWith({ main: ended(0) }, {}, { deletionTimestamp: new Date() }), false],
    ['of one that is evicted', podWith({ main: ended(0) }, { phase: 'Failed', reason: 'Evicted' }), false]
  ])('of a program that does not trap TERM, 0 %s', (_, pod, trustworthy) => {
    expect(containerResult(pod, 'main', { trapsTerm: false }).trustworthy).toBe(trustworthy)
    expect(containerResult(pod, 'main').trustworthy).toBe(false)
  })

  test.each<[string, V1Pod, number]>([
    ['0 of a pod that succeeded', podWith({ main: ended(0) }, { phase: 'Succeeded' }), 0],
    ['another code', podWith({ main: ended(7) }, { phase: 'Failed' }), 7],
    ['0 while a sidecar still runs', podWith({ main: ended(0), sidecar: running }, { phase: 'Running' }), 0],
    ['0 when only the sidecar failed', podWith({ main: ended(0), sidecar: ended(1) }, { phase: 'Failed' }), 0],
    [
      'a condition of disruption that is not true',
      podWith({ main: ended(0) }, { phase: 'Succeeded', conditions: [{ type: 'DisruptionTarget', status: 'False' }] }),
      0
    ]
  ])('%s is to be trusted', (_name, pod, exitCode) => {
    const result = containerResult(pod, 'main')
    expect(result).toMatchObject({ exitCode, trustworthy: true })
    expect(result).not.toHaveProperty('why')
  })

  test.each<[string, V1Pod, number, RegExp]>([
    [
      'a program that traps TERM while its pod is deleted',
      podWith({ main: ended(0) }, { phase: 'Succeeded' }, { deletionTimestamp: new Date(0) }),
      0,
      /deleted/
    ],
    ['the same in an eviction', podWith({ main: ended(0) }, { phase: 'Failed', reason: 'Evicted' }), 0, /Evicted/],
    [
      'the same at its deadline',
      podWith({ main: ended(0) }, { phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' }),
      0,
      /DeadlineExceeded: too long/
    ],
    [
      'the same in a disruption',
      podWith({ main: ended(0) }, { phase: 'Succeeded', conditions: disrupted }),
      0,
      /Eviction/
    ],
    ['0 of a pod that failed', podWith({ main: ended(0) }, { phase: 'Failed' }), 0, /phase of pod "a" is Failed/],
    ['0 before the pod says so', podWith({ main: ended(0) }, { phase: 'Running' }), 0, /is Running/],
    ['too much memory', podWith({ main: ended(137, 'OOMKilled') }, { phase: 'Failed' }), 137, /memory/],
    ['a child that was too big', podWith({ main: ended(0, 'OOMKilled') }, { phase: 'Succeeded' }), 0, /memory/],
    ['143 of an eviction', podWith({ main: ended(143) }, { phase: 'Failed', reason: 'Evicted' }), 143, /not by itself/],
    ['a lost node', podWith({ main: ended(137, 'ContainerStatusUnknown') }, { phase: 'Failed' }), 137, /lost/],
    [
      'a container that still runs',
      podWith({ main: running }, { phase: 'Running' }),
      1,
      /no exit code \(phase Running\)/
    ],
    ['no such container', podWith({ other: ended(0) }, { phase: 'Succeeded' }), 1, /no exit code/]
  ])('%s is not', (_name, pod, exitCode, why) => {
    expect(containerResult(pod, 'main')).toMatchObject({
      exitCode,
      trustworthy: false,
      why: expect.stringMatching(why)
    })
  })

  test('an init container counts by its own end, and hands over its message', () => {
    const pod: V1Pod = {
      metadata: { name: 'a' },
      spec: { initContainers: [{ name: 'kaniko' }], containers: [{ name: 'push' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          {
            name: 'kaniko',
            image: '',
            imageID: '',
            ready: true,
            restartCount: 0,
            state: { terminated: { exitCode: 0, reason: 'Completed', message: 'sha256:abc' } }
          }
        ]
      }
    }
    expect(containerResult(pod, 'kaniko')).toEqual({
      exitCode: 0,
      reason: 'Completed',
      message: 'sha256:abc',
      trustworthy: true
    })
  })
})
