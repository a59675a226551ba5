import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'

import { container } from '../job/call.fixture.js'
import { applyOptions, withOptions } from './apply.js'
import { read } from './options.fixture.js'

const POD: V1Pod = {
  metadata: { name: 'p' },
  spec: {
    hostAliases: [{ ip: '127.0.0.1', hostnames: ['redis'] }],
    containers: [
      { name: 'job', image: 'a', command: ['sh'], volumeMounts: [{ name: 'work', mountPath: '/__w' }] },
      { name: 'redis', image: 'b', args: ['--port', '1'] },
      { name: 'helper', image: 'c' }
    ],
    volumes: [{ name: 'work', emptyDir: {} }]
  }
}

const job = (text: string, pod = POD): V1Pod => applyOptions(pod, 'job', 'job', read(text))
const service = (text: string, pod = POD): V1Pod => applyOptions(pod, 'redis', 'service', read(text))

test('no options change nothing', () => {
  expect(job('')).toEqual(POD)
  expect(applyOptions(POD, 'job', 'job', undefined)).toBe(POD)
})

test('of the containers only the one that is meant changes', () => {
  const { spec } = service('--read-only -m 64m --tmpfs /run')
  expect(spec?.containers[0]).toEqual(POD.spec?.containers[0])
  expect(spec?.containers[2]).toEqual(POD.spec?.containers[2])
  expect(spec?.containers[1]).toMatchObject({
    securityContext: { readOnlyRootFilesystem: true },
    resources: { limits: { memory: '67108864' } },
    volumeMounts: [{ name: 'redis-memory-0', mountPath: '/run' }]
  })
  expect(spec?.volumes).toEqual([
    { name: 'work', emptyDir: {} },
    { name: 'redis-memory-0', emptyDir: { medium: 'Memory' } }
  ])
})

test('what containers of one pod share has what each of them asks for', () => {
  const one = job('--add-host db:127.0.0.1 --dns 1.1.1.1 --group-add 5 --sysctl net.ipv4.tcp_syncookies=1 -l a=1')
  const { spec, metadata } = service(
    '--add-host v6=::1 --dns 1.1.1.1 --dns 8.8.8.8 --dns-search a.b --group-add 6 --sysctl net.ipv4.tcp_syncookies=0 -l a=2',
    one
  )
  expect(spec).toMatchObject({
    hostAliases: [
      { ip: '127.0.0.1', hostnames: ['redis', 'db'] },
      { ip: '::1', hostnames: ['v6'] }
    ],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['1.1.1.1', '8.8.8.8'], searches: ['a.b'] },
    securityContext: { supplementalGroups: [5, 6], sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '0' }] }
  })
  expect(metadata?.annotations).toEqual({ 'kaniko-hooks/labels': '{"job":{"a":"1"},"redis":{"a":"2"}}' })
})

describe('the program', () => {
  test('of a service is its entry point with the words of the workflow', () => {
    expect(service('--entrypoint /$x -w /src -it').spec?.containers[1]).toMatchObject({
      command: ['/$$x'],
      args: ['--port', '1'],
      workingDir: '/src',
      stdin: true,
      tty: true
    })
  })

  test('is the words alone when the entry point is taken away', () => {
    const [, made] = service('--entrypoint ""').spec?.containers ?? []
    expect(made).toEqual({ name: 'redis', image: 'b', command: ['--port', '1'] })
    expect(() => applyOptions(POD, 'helper', 'service', read('--entrypoint=""'))).toThrow('no command is left')
  })

  test('of the workflow wins', () => {
    const pod = { ...POD, spec: { containers: [{ name: 'redis', command: ['workflow'] }] } }
    expect(service('--entrypoint options', pod).spec?.containers[0]?.command).toEqual(['workflow'])
  })

  test('of a job container stays what keeps it alive', () =>
    expect(job('--entrypoint x -w /src -it').spec?.containers[0]).toEqual(POD.spec?.containers[0]))
})

test('the pod has the host name of the job, and not of a service', () => {
  expect(job('-h Build').spec?.hostname).toBe('build')
  expect(service('-h db').spec?.hostname).toBeUndefined()
})

test('an image is pulled again, unless the settings have none pulled', () => {
  const pod = (imagePullPolicy?: string): V1Pod => ({
    spec: { containers: [{ name: 'job', ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) }] }
  })
  const policies = [undefined, 'IfNotPresent', 'Never'].map(
    policy => job('--pull always', pod(policy)).spec?.containers[0]?.imagePullPolicy
  )
  expect(policies).toEqual(['Always', 'Always', 'Never'])
  expect(job('--pull never', pod('Always')).spec?.containers[0]?.imagePullPolicy).toBe('Always')
})

test('a place that is taken is refused', () =>
  expect(() => job('--tmpfs /__w/')).toThrow('The options of container job mount a second volume at /__w.'))

test('the runner’s own words come behind the options', () => {
  const args = container({
    environmentVariables: { A: 'env' },
    userMountVolumes: [{ sourceVolumePath: null, targetVolumePath: '/one', readOnly: false }],
    portMappings: ['80']
  })
  const made = withOptions(args, read('-e A=1 -e B=2 -e C=3 -e CI=false -e GITHUB_ACTIONS=0 -v /two -p 81'), {
    A: 'file',
    C: 'file',
    D: 'file'
  })
  expect(made.environmentVariables).toEqual({ A: 'env', B: '2', C: '3', D: 'file' })
  expect(made.userMountVolumes.map(({ targetVolumePath }) => targetVolumePath)).toEqual(['/one', '/two'])
  expect(made.portMappings).toEqual(['80', '81'])
})
