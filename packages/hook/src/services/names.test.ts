import { expect, test } from '@jest/globals'

import { containerNames, hostNames, type GivenNames } from './names.js'

test.each<[string[], string[]]>([
  [['redis'], ['redis']],
  [
    ['redis:7', 'redis:6', 'docker.io/library/redis@sha256:abc'],
    ['redis', 'redis-2', 'redis-3']
  ],
  [['ghcr.io/x/My_App.v2:1'], ['my-app-v2']],
  [['localhost:5000/db'], ['db']],
  [['job'], ['job-2']],
  [
    ['redis-2', 'redis', 'redis'],
    ['redis-2', 'redis', 'redis-3']
  ],
  [['___'], ['service']],
  // The 50th character of the first is a dash.
  [[`${'a'.repeat(49)}-${'b'.repeat(20)}`], ['a'.repeat(49)]]
])('services %j are called %j', (images, names) => {
  expect(containerNames(images)).toEqual(names)
})

test('no service is called as a container of the template, which is in the same pod', () => {
  expect(containerNames(['redis', 'nginx'], ['redis', 'proxy'])).toEqual(['redis-2', 'nginx'])
})

const given = (parts: Partial<GivenNames>): GivenNames => ({ options: [], ...parts })

test('a service is reached under its key, the names of its options and the name of its image', () => {
  const redis = given({ key: 'cache', options: ['redis-main', 'r.internal'], container: 'redis' })
  const other = given({ key: 'queue', container: 'redis-2' })
  expect(hostNames([redis, other])).toEqual({
    names: [
      ['cache', 'redis-main', 'r.internal', 'redis'],
      ['queue', 'redis-2']
    ],
    odd: [[], []],
    refused: []
  })
})

test('a name is one service’s: keys go before options, options before images, and then the first has it', () => {
  const { names } = hostNames([
    given({ key: 'a', options: ['b', 'shared'], container: 'c' }),
    given({ key: 'b', options: ['c', 'shared'], container: 'c-2' }),
    given({ key: 'a', container: 'd' })
  ])
  expect(names).toEqual([['a', 'shared'], ['b', 'c', 'c-2'], ['d']])
})

test('upper case becomes lower case, and localhost is nobody’s', () => {
  expect(hostNames([given({ key: 'Redis', options: ['LocalHost', 'REDIS'], container: 'localhost' })])).toEqual({
    names: [['redis']],
    odd: [[]],
    refused: []
  })
})

test.each(['-a', '_.', 'a..b', 'a b', 'ü', '', 'a'.repeat(254)])('%j is no host name, which is told once', name => {
  expect(hostNames([given({ key: name, options: [name], container: 'db' })])).toEqual({
    names: [['db']],
    odd: [[]],
    refused: [name]
  })
})

test('a name with an underscore is for the hosts file alone, and one service’s too', () => {
  const named = (name: string): GivenNames => given({ key: name, options: [name], container: 'db' })
  expect(hostNames([named('My_DB'), named('my_db')])).toEqual({
    names: [['db'], []],
    odd: [['my_db'], []],
    refused: []
  })
})
