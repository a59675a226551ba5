import type { V1ContainerState, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { describe, expect, test } from '@jest/globals'
import { podProblem } from './pod-problem.js'

/** A pod with an init container `setup` and a container `main`, whose states are given. */
function podWith(states: Readonly<Record<string, V1ContainerState>>, status: V1PodStatus = {}): V1Pod {
  const of = (name: string): NonNullable<V1PodStatus['containerStatuses']>[number] => ({
    name,
    image: `registry/${name}:1`,
    imageID: '',
    ready: false,
    restartCount: 0,
    state: states[name] ?? {}
  })
  return {
    metadata: { name: 'a' },
    spec: {
      restartPolicy: 'Never',
      initContainers: [{ name: 'setup' }],
      containers: [{ name: 'main', resources: { limits: { memory: '2Gi' } } }]
    },
    status: { phase: 'Pending', initContainerStatuses: [of('setup')], containerStatuses: [of('main')], ...status }
  }
}

const waiting = (reason: string, message = ''): V1ContainerState => ({ waiting: { reason, message } })
const ended = (exitCode: number, reason: string, message = ''): V1ContainerState => ({
  terminated: { exitCode, reason, message }
})

/** The same pod, with `setup` as a sidecar (KEP-753): the kubelet ends such ones after the last container of the pod. */
function withSidecar(pod: V1Pod): V1Pod {
  const initContainers = [{ name: 'setup', restartPolicy: 'Always' }]
  return { ...pod, spec: { containers: [], ...pod.spec, initContainers } }
}

describe('podProblem', () => {
  test.each<[string, V1Pod]>([
    ['a pod that is new', { metadata: { name: 'a' } }],
    ['a container that is being created', podWith({ main: waiting('ContainerCreating') })],
    ['init containers that are at work', podWith({ main: waiting('PodInitializing') })],
    ['a pod that runs', podWith({ main: { running: {} } }, { phase: 'Running' })],
    ['a program that failed by itself', podWith({ main: ended(3, 'Error') }, { phase: 'Failed' })],
    [
      'a sidecar that was told to end',
      withSidecar(podWith({ main: ended(0, 'Completed'), setup: ended(143, 'Error') }))
    ],
    ['a pod that is scheduled', podWith({}, { conditions: [{ type: 'PodScheduled', status: 'True' }] })]
  ])('%s has none', (_name, pod) => {
    expect(podProblem(pod)).toBeUndefined()
  })

  test.each<[string, V1Pod, object]>([
    [
      'an image that is not there',
      podWith({ main: waiting('ErrImagePull', 'rpc error: manifest unknown') }),
      {
        fatal: 'after-grace',
        container: 'main',
        reason: 'ErrImagePull',
        fault: 'user',
        message: expect.stringMatching(/registry\/main:1.* cannot be pulled .*manifest unknown\. Check the name/)
      }
    ],
    [
      "the kubelet's own throttle",
      podWith({ main: waiting('ErrImagePull', 'pull QPS exceeded') }),
      { fatal: 'wait', reason: 'ErrImagePull' }
    ],
    [
      'an image that may not be pulled',
      podWith({ main: waiting('ImagePullBackOff', 'failed to authorize: 403 Forbidden') }),
      { fatal: 'after-grace', fault: 'configuration', message: expect.stringContaining('packages: read') }
    ],
    [
      'a registry that cannot be reached',
      podWith({ main: waiting('ErrImagePull', 'dial tcp: lookup registry: no such host') }),
      { fault: 'cluster', message: expect.stringContaining('cannot reach the registry') }
    ],
    [
      'an image of an init container',
      podWith({ setup: waiting('ErrImagePull', 'not found'), main: waiting('PodInitializing') }),
      { container: 'setup', message: expect.stringContaining('"setup"') }
    ],
    [
      'an image name that is none',
      podWith({ main: waiting('InvalidImageName', 'invalid reference format') }),
      { fatal: 'now', fault: 'user' }
    ],
    [
      'an image name that only the runtime refuses',
      podWith({
        main: waiting('ErrImagePull', 'failed to parse image reference "UPPER/x:1": invalid reference format')
      }),
      { fatal: 'now', fault: 'user' }
    ],
    [
      'a secret that is missing',
      podWith({ main: waiting('CreateContainerConfigError', 'secret "s" not found') }),
      { fatal: 'after-grace', fault: 'configuration', message: expect.stringContaining('secret "s" not found') }
    ],
    ['a program that cannot start', podWith({ main: waiting('RunContainerError', 'exec: "x"') }), { fatal: 'now' }],
    [
      'a program that could not start',
      podWith({ main: ended(128, 'StartError', 'exec: "x": not found') }, { phase: 'Failed' }),
      { fatal: 'now', fault: 'user', message: expect.stringContaining('exec: "x": not found') }
    ],
    ['a crash loop', podWith({ main: waiting('CrashLoopBackOff', 'back-off 10s') }), { fatal: 'now' }],
    [
      'an init container that failed',
      podWith({ setup: ended(2, 'Error', 'no space') }),
      {
        fatal: 'now',
        container: 'setup',
        logTells: true,
        fault: 'configuration',
        message: expect.stringMatching(/exit code 2\. no space/)
      }
    ],
    [
      'too much memory while others run',
      podWith({ main: ended(137, 'OOMKilled') }, { phase: 'Running' }),
      { fatal: 'wait', reason: 'OOMKilled', fault: 'user', message: expect.stringContaining('limit 2Gi') }
    ],
    [
      'too much memory at the end',
      podWith({ main: ended(137, 'OOMKilled') }, { phase: 'Failed' }),
      { fatal: 'now', reason: 'OOMKilled' }
    ],
    [
      'no node',
      podWith(
        {},
        {
          containerStatuses: [],
          initContainerStatuses: [],
          conditions: [
            { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes: Insufficient cpu' }
          ]
        }
      ),
      { fatal: 'wait', reason: 'Unschedulable', message: expect.stringContaining('Insufficient cpu') }
    ],
    ...['OutOfcpu', 'UnexpectedAdmissionError', 'NodeAffinity'].map((reason): [string, V1Pod, object] => [
      `a node that says ${reason}`,
      podWith({}, { phase: 'Failed', reason, message: 'no' }),
      { fatal: 'now', reason, fault: 'cluster' }
    ]),
    [
      'an eviction, before what it did to the container',
      podWith(
        { main: ended(137, 'ContainerStatusUnknown') },
        { phase: 'Failed', reason: 'Evicted', message: 'low on resource: memory' }
      ),
      { fatal: 'now', reason: 'Evicted', message: expect.stringContaining('low on resource') }
    ],
    [
      'a deadline',
      podWith({ main: ended(0, 'Completed') }, { phase: 'Failed', reason: 'DeadlineExceeded' }),
      { fatal: 'now', reason: 'DeadlineExceeded' }
    ],
    [
      'a disruption while it runs',
      podWith(
        { main: { running: {} } },
        {
          phase: 'Running',
          conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }]
        }
      ),
      { fatal: 'wait', reason: 'EvictionByEvictionAPI' }
    ],
    [
      'a deletion before it ran',
      { ...podWith({}), metadata: { name: 'a', deletionTimestamp: new Date(0) } },
      { fatal: 'now', reason: 'Deleted' }
    ]
  ])('%s', (_name, pod, expected) => {
    expect(podProblem(pod)).toMatchObject(expected)
  })
})
