import { describe, expect, test } from '@jest/globals'

import { crowdedOut, portAnswer, portsOf, publishedPorts } from './ports.js'

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

  test('what is published has the ports of the host that are named; only TCP is', () => {
    expect(
      publishedPorts(['80', '8080:81', '127.0.0.1:9000-9001:82-83', '53:53/udp', '::84', '127.0.0.1::85'])
    ).toEqual([
      { port: 80 },
      { port: 81, hostPort: 8080 },
      { port: 82, hostPort: 9000 },
      { port: 83, hostPort: 9001 },
      { port: 84 },
      { port: 85 }
    ])
  })

  test('one port mapped twice is one port', () => {
    expect(portsOf(['80:80', '81:80', '80:80/udp'])).toHaveLength(2)
  })

  test('the answer maps a container port to the port by which the job reaches it', () => {
    expect(portAnswer(['6380:6379', '5432'])).toEqual({ '6379': '6379', '5432': '5432' })
    expect(portAnswer([])).toEqual({})
  })
})

describe('a service has a pod of its own', () => {
  const listener = (image: string, ...portMappings: string[]) => ({ image, portMappings })

  test.each<[string, ReturnType<typeof listener>[], boolean[]]>([
    ['not when it is alone', [listener('redis')], [false]],
    ['when an earlier one has its port', [listener('a', '80'), listener('b', '8080:80')], [false, true]],
    ['not for another protocol', [listener('a', '53/udp'), listener('b', '53')], [false, false]],
    ['when ranges meet', [listener('a', '80-90'), listener('b', '1-2:90-91')], [false, true]],
    ['when an earlier one of its image does not say its ports', [listener('a'), listener('a', '81')], [false, true]],
    ['when it does not say its ports, as one of its image', [listener('a', '80'), listener('a')], [false, true]],
    ['not when two of an image say different ones', [listener('a', '80'), listener('a', '81')], [false, false]],
    [
      'not for a port that only one with a pod of its own has',
      [listener('a'), listener('a', '81'), listener('b', '81')],
      [false, true, false]
    ]
  ])('%s', (_, services, own) => {
    expect(crowdedOut(null, services)).toEqual(own)
  })

  test('when the job’s container says that port', () => {
    expect(crowdedOut(listener('node', '80'), [listener('a', '80'), listener('node')])).toEqual([true, false])
  })
})
