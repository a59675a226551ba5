import { describe, expect, test } from '@jest/globals'

import type { ContainerArgs } from '../protocol/schema.js'
import { jobPod, portAnswer, portsOf, type JobPodRequest } from './job-pod.js'

const OWNER = { runnerPod: 'r', uid: 'u', sameNamespace: true, annotations: { 'kaniko-hooks/job': 'build' } }
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
        labels: { 'runner-pod': 'r' },
        annotations: { 'kaniko-hooks/job': 'build' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }]
      },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
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
    expect(JSON.stringify(pod)).not.toContain('hostPort')
  })

  test('no owner in another namespace: the collector would delete the pod at once', () => {
    const pod = jobPod({ ...REQUEST, owner: { ...OWNER, sameNamespace: false } })
    expect(pod.metadata?.ownerReferences).toBeUndefined()
    expect(pod.metadata?.labels).toEqual({ 'runner-pod': 'r' })
  })
})

describe('ports', () => {
  test.each<[string, number[]]>([
    ['80', [80]],
    ['8080:80', [80]],
    ['127.0.0.1:8080:80', [80]],
    ['[::1]:8080:80/tcp', [80]],
    ['nonsense', []],
    ['70000', []],
    ['', []]
  ])('%s', (mapping, ports) => {
    expect(portsOf([mapping]).map(({ port }) => port)).toEqual(ports)
  })

  test('one port mapped twice is one port', () => {
    expect(portsOf(['80:80', '81:80', '80:80/udp'])).toHaveLength(2)
  })

  test('the answer maps a container port to the port by which the job reaches it', () => {
    expect(portAnswer(['6380:6379', '5432'])).toEqual({ '6379': '6379', '5432': '5432' })
    expect(portAnswer([])).toEqual({})
  })
})
