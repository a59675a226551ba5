import { describe, expect, test } from '@jest/globals'

import { read } from '../options/options.fixture.js'
import { jobPod, type JobPodRequest } from './job-pod.js'

const OWNER = { runnerPod: 'r', uid: 'u', annotations: { 'kaniko-hooks/job': 'build' } }
const REQUEST: JobPodRequest = {
  owner: OWNER,
  annotations: {},
  name: 'r-workflow',
  job: {
    image: 'node:22',
    variables: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: '0.0' } } }],
    options: read('')
  },
  services: [],
  hostAliases: [],
  parts: {
    volumes: [{ name: 'work', persistentVolumeClaim: { claimName: 'r-work' } }],
    mounts: [{ name: 'work', mountPath: '/__w' }],
    initContainers: [],
    beside: []
  },
  pullSecrets: [],
  pullPolicy: undefined
}

describe('jobPod', () => {
  test('the whole pod of a plain job', () => {
    expect(jobPod(REQUEST)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'r-workflow',
        labels: {
          'runner-pod': 'r',
          'kaniko-hooks/job': 'build',
          'sidecar.istio.io/inject': 'false',
          'kuma.io/sidecar-injection': 'disabled'
        },
        annotations: {
          'kaniko-hooks/job': 'build',
          'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
          'karpenter.sh/do-not-disrupt': 'true',
          'linkerd.io/inject': 'disabled',
          'consul.hashicorp.com/connect-inject': 'false'
        },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }]
      },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'job',
            image: 'node:22',
            command: ['sh'],
            args: ['-c', expect.stringContaining('wait $$!')],
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: '0.0' } } }],
            volumeMounts: [
              { name: 'work', mountPath: '/__w' },
              { name: 'kaniko-hooks', mountPath: '/__hook' }
            ]
          }
        ],
        volumes: [
          { name: 'work', persistentVolumeClaim: { claimName: 'r-work' } },
          { name: 'kaniko-hooks', emptyDir: {} }
        ]
      }
    })
  })

  test('has the services beside the job, their names, and what pulls their images', () => {
    const pod = jobPod({
      ...REQUEST,
      services: [{ container: { name: 'redis', image: 'redis:7' }, options: read('') }],
      hostAliases: [{ ip: '127.0.0.1', hostnames: ['cache'] }],
      pullSecrets: ['creds'],
      pullPolicy: 'Always'
    })
    expect(pod.spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis'])
    expect(pod.spec?.hostAliases).toEqual([{ ip: '127.0.0.1', hostnames: ['cache'] }])
    expect(pod.spec?.imagePullSecrets).toEqual([{ name: 'creds' }])
    expect(pod.spec?.containers[0]?.imagePullPolicy).toBe('Always')
  })

  test('no owner in another namespace: the collector would delete the pod at once; labels and a deadline instead', () => {
    const pod = jobPod({ ...REQUEST, owner: { ...OWNER, homeNamespace: 'runners' } })
    expect(pod.metadata?.ownerReferences).toBeUndefined()
    expect(pod.metadata?.labels).toMatchObject({
      'runner-pod': 'r',
      'kaniko-hooks/runner-namespace': 'runners',
      'kaniko-hooks/runner-uid': 'u'
    })
    // GitHub ends a job after five days.
    expect(pod.spec?.activeDeadlineSeconds).toBe(435_600)
    expect(jobPod(REQUEST).spec).not.toHaveProperty('activeDeadlineSeconds')
  })
})
