import { expect, test } from '@jest/globals'

import { ownAddress } from './serve.js'

const address = (at: string, internal = false): NonNullable<Parameters<typeof ownAddress>[0]>[string] => [
  { address: at, internal, family: 'IPv6', scopeid: 0, netmask: '', mac: '', cidr: null }
]

test.each([
  ['10.1.2.3', { lo: address('127.0.0.1', true), eth0: address('10.1.2.3'), net1: address('10.9.9.9') }],
  ['2001:db8::5', { v4if0: address('169.254.172.5'), lo: address('::1', true), eth0: address('2001:db8::5') }],
  ['fd00::5', { eth1: address('fe80::1'), eth0: address('fd00::5') }]
])('a pod is called at %s', (expected, interfaces) => {
  expect(ownAddress(interfaces)).toBe(expected)
})

test('a pod that has none but its own cannot be called', () => {
  expect(() => ownAddress({ lo: address('127.0.0.1', true) })).toThrow('there is no address')
})
