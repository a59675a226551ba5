import type { V1ContainerState, V1Pod, V1PodCondition } from '@kubernetes/client-node'
import { expect, test } from '@jest/globals'
import { slowStart } from './slow-start.js'

const SCHEDULED = { type: 'PodScheduled', status: 'True' }
const SANDBOX = { type: 'PodReadyToStartContainers', status: 'True' }

interface State {
  readonly conditions?: readonly V1PodCondition[]
  readonly scheduler?: string
  /** The states of the containers, in the order of the alphabet as the kubelet gives them. */
  readonly states?: Readonly<Record<string, V1ContainerState & { readonly started?: boolean }>>
}

const INIT = ['fetch', 'proxy']

/** A pod whose containers are fetch and proxy (at first), then web and job. */
function podIn({ conditions = [SCHEDULED, SANDBOX], scheduler, states }: State): V1Pod {
  const statuses = (inits: boolean) =>
    Object.entries(states ?? {}).flatMap(([name, { started, ...state }]) =>
      INIT.includes(name) === inits
        ? [
            {
              name,
              image: `image-of-${name}`,
              imageID: '',
              ready: false,
              restartCount: 0,
              state,
              ...(started === undefined ? {} : { started })
            }
          ]
        : []
    )
  return {
    metadata: { name: 'a' },
    spec: {
      nodeName: 'node-7',
      ...(scheduler === undefined ? {} : { schedulerName: scheduler }),
      initContainers: [{ name: 'fetch' }, { name: 'proxy', restartPolicy: 'Always' }],
      containers: [{ name: 'web' }, { name: 'job' }]
    },
    status: {
      phase: 'Pending',
      conditions: [...conditions],
      ...(states === undefined ? {} : { containerStatuses: statuses(false), initContainerStatuses: statuses(true) })
    }
  }
}

const creating = { waiting: { reason: 'ContainerCreating' } }
const initializing = { waiting: { reason: 'PodInitializing' } }
const done = { terminated: { exitCode: 0 } }

test.each<[string, State, string, RegExp]>([
  ['no scheduler has seen it', { conditions: [], scheduler: 'gang' }, 'NotScheduled', /one called gang in the cluster/],
  ['its node does nothing', { conditions: [SCHEDULED] }, 'NotAccepted', /^Node node-7 has not taken up pod "a"/],
  [
    'an init container runs',
    { states: { fetch: { running: {}, started: true }, proxy: initializing, job: initializing, web: initializing } },
    'PodInitializing',
    /^The init container "fetch" of pod "a" still runs/
  ],
  [
    'the image of an init container comes',
    { states: { fetch: done, proxy: initializing, job: initializing, web: initializing } },
    'PodInitializing',
    /^The image "image-of-proxy" for container "proxy"/
  ],
  [
    'a sidecar runs and its probe does not say so',
    { states: { fetch: done, proxy: { running: {}, started: false }, job: initializing, web: initializing } },
    'PodInitializing',
    /^The init container "proxy" of pod "a" still runs/
  ],
  [
    'a sidecar has started and an image comes',
    { states: { fetch: done, proxy: { running: {}, started: true }, job: creating, web: creating } },
    'ContainerCreating',
    /^The image "image-of-web" for container "web" of pod "a" is most likely still being pulled to node node-7/
  ],
  [
    'the second image comes',
    { states: { fetch: done, proxy: done, job: creating, web: { running: {} } } },
    'ContainerCreating',
    /^The image "image-of-job"/
  ]
])('%s', (_, state, reason, words) => {
  expect(slowStart(podIn(state), false)).toMatchObject({
    fatal: 'wait',
    fault: 'cluster',
    reason,
    message: expect.stringMatching(words)
  })
})
