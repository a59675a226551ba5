import { describe, expect, test } from '@jest/globals'

import type { ContainerArgs } from '../protocol/schema.js'
import { jobPod, portAnswer, portsOf, serviceAliases, type JobPodRequest } from './job-pod.js'

const OWNER = { runnerPod: 'r', uid: 'u', annotations: { 'kaniko-hooks/job': 'build' } }
const ARGS: ContainerArgs = {
  image: 'node:22',
  dockerfile: null,
  entryPoint: null,
  entryPointArgs: [],
  workingDirectory: '/__w/r/r',
  createOptions: null,
  registry: null,
  environmentVariables: {},
  portMappings: [],
  systemMountVolumes: [],
  userMountVolumes: []
}
const REQUEST: JobPodRequest = {
  owner: OWNER,
  name: 'r-workflow',
  job: {
    args: ARGS,
    image: 'node:22',
    variables: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: '0.0' } } }]
  },
  services: [],
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

  test('a service keeps its ENTRYPOINT unless told, and never takes a port of the node', () => {
    const service = { ...ARGS, image: 'redis:7', workingDirectory: null, portMappings: ['6379:6379', '53:53/udp'] }
    const custom = { ...service, portMappings: [], entryPoint: '/run me', entryPointArgs: ['--say', '"$HOME', 'x"'] }
    const pod = jobPod({
      ...REQUEST,
      job: null,
      services: [
        { name: 'redis', args: service, variables: [] },
        { name: 'redis-2', args: custom, variables: [] }
      ],
      pullSecrets: ['creds'],
      pullPolicy: 'Always'
    })
    expect(pod.spec?.containers).toEqual([
      {
        name: 'redis',
        image: 'redis:7',
        env: [],
        imagePullPolicy: 'Always',
        ports: [
          { containerPort: 6379, protocol: 'TCP' },
          { containerPort: 53, protocol: 'UDP' }
        ]
      },
      {
        name: 'redis-2',
        image: 'redis:7',
        command: ['/run me'],
        args: ['--say', '$$HOME x'],
        env: [],
        imagePullPolicy: 'Always'
      }
    ])
    expect(pod.spec?.imagePullSecrets).toEqual([{ name: 'creds' }])
    expect(pod.spec?.hostAliases).toEqual([{ ip: '127.0.0.1', hostnames: ['redis', 'redis-2'] }])
    expect(JSON.stringify(pod)).not.toContain('hostPort')
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

test('a service of the name localhost takes loopback away from nobody', () => {
  expect(serviceAliases('10.0.0.1', [{ name: 'localhost' }, { name: 'db' }])).toEqual([
    { ip: '10.0.0.1', hostnames: ['db'] }
  ])
  expect(serviceAliases('10.0.0.1', [{ name: 'localhost' }])).toEqual([])
})

describe('ports', () => {
  test.each<[string, number[]]>([
    ['80', [80]],
    ['8080:80', [80]],
    ['127.0.0.1:8080:80', [80]],
    ['[::1]:8080:80/tcp', [80]],
    ['nonsense', []],
    ['70000', []],
    ['8000-8002:80-82', [80, 81, 82]],
    ['127.0.0.1:8000-8001:80-81/udp', [80, 81]],
    ['3000-3002', [3000, 3001, 3002]],
    ['3002-3000', []],
    ['80-', []],
    ['-80', []],
    ['65535-70000', []],
    ['80/icmp', []],
    ['0x50', []],
    ['', []]
  ])('%s', (mapping, ports) => {
    expect(portsOf([mapping]).map(({ port }) => port)).toEqual(ports)
  })

  test('the protocol is kept, however it is spelled', () => {
    expect(portsOf(['53:53/UDP', '132:9999/sctp', '80'])).toEqual([
      { port: 53, protocol: 'udp' },
      { port: 9999, protocol: 'sctp' },
      { port: 80, protocol: 'tcp' }
    ])
  })

  test('a range of thousands is answered whole, and does not stand in the pod', () => {
    const service = { ...ARGS, image: 'sip', portMappings: ['10000-20000:10000-20000/udp'] }
    const pod = jobPod({ ...REQUEST, services: [{ name: 'sip', args: service, variables: [] }] })
    expect(pod.spec?.containers[1]?.ports?.length).toBeLessThanOrEqual(100)
    expect(Object.keys(portAnswer(service.portMappings))).toHaveLength(10_001)
  })

  test('one port mapped twice is one port', () => {
    expect(portsOf(['80:80', '81:80', '80:80/udp'])).toHaveLength(2)
  })

  test('the answer maps a container port to the port by which the job reaches it', () => {
    expect(portAnswer(['6380:6379', '5432'])).toEqual({ '6379': '6379', '5432': '5432' })
    expect(portAnswer([])).toEqual({})
  })
})
