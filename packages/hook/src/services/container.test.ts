import { expect, test } from '@jest/globals'

import { read } from '../options/options.fixture.js'
import { container as sent } from '../job/call.fixture.js'
import type { ContainerArgs } from '../protocol/schema.js'
import { serviceContainer } from './container.js'
import type { Service } from './service.js'
import { portAnswer } from './ports.js'

function service(args: Partial<ContainerArgs>): Service {
  return {
    title: 'cache',
    container: 'redis',
    image: 'redis:7',
    args: sent({ image: 'redis:7', ...args }),
    hosts: ['cache'],
    oddHosts: [],
    options: read(''),
    hasOwnPod: false
  }
}

test('a service keeps its ENTRYPOINT unless told, and never takes a port of the node', () => {
  expect(serviceContainer(service({ portMappings: ['6379:6379', '53:53/udp'] }), [], [], 'Always')).toEqual({
    name: 'redis',
    image: 'redis:7',
    env: [],
    imagePullPolicy: 'Always',
    ports: [
      { containerPort: 6379, protocol: 'TCP' },
      { containerPort: 53, protocol: 'UDP' }
    ]
  })
  const words = { entryPoint: '/run me', entryPointArgs: ['--say', '"$HOME', 'x"'] }
  expect(serviceContainer(service(words), [], [{ name: 'v', mountPath: '/v' }], undefined)).toEqual({
    name: 'redis',
    image: 'redis:7',
    command: ['/run me'],
    args: ['--say', '$$HOME x'],
    env: [],
    volumeMounts: [{ name: 'v', mountPath: '/v' }]
  })
})

test('a range of thousands is answered whole, and does not stand in the pod', () => {
  const portMappings = ['10000-20000:10000-20000/udp']
  expect(serviceContainer(service({ portMappings }), [], [], undefined).ports?.length).toBeLessThanOrEqual(100)
  expect(Object.keys(portAnswer(portMappings))).toHaveLength(10_001)
})
