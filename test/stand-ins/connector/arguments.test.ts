import { describe, expect, test } from '@jest/globals'

import { readArguments, USAGE } from './arguments.js'

const PASSWORD = { UPSTREAM_PASSWORD: 'canary' }
const read = (line: string, environment: NodeJS.ProcessEnv = PASSWORD) =>
  readArguments(line.split(' ').filter(Boolean), environment)

describe('what is asked for', () => {
  test.each<[string, object]>([
    ['status', { command: 'status' }],
    ['image connector.tar', { command: 'image', file: 'connector.tar' }],
    ['down', { command: 'down' }],
    ['down --connector a/b', { command: 'down', connector: { namespace: 'a', name: 'b' } }],
    ['up --image r/c:1 --kubelet /k', { command: 'up', image: 'r/c:1', kubelet: '/k' }],
    ['up --connector a/b', { command: 'up', connector: { namespace: 'a', options: { name: 'b', form: 'exposed' } } }],
    [
      'up --connector a/b --address https://r --user u --ca f --class harbor --form host --node n --node-port 31567',
      {
        command: 'up',
        connector: {
          namespace: 'a',
          caFile: 'f',
          options: {
            name: 'b',
            form: 'host',
            node: 'n',
            nodePort: 31567,
            connectorClass: 'harbor',
            upstream: { address: 'https://r', credentials: { username: 'u', password: 'canary' } }
          }
        }
      }
    ]
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected)
  })
})

describe('a sentence for', () => {
  test.each([
    ['', USAGE],
    ['install', USAGE],
    ['up --conector a/b', "Unknown option '--conector'."],
    ['up --image', "Option '--image <value>' argument missing."],
    ['up default/harbor', 'default/harbor is one word too many: names follow their options.'],
    ['image a b', 'b is one word too many: names follow their options.'],
    ['image', 'image needs the name of the FILE that it writes.'],
    ['down --image x', '--image is not for down.'],
    ['up --address https://r', '--address says something of a connector: name it by --connector NAMESPACE/NAME.'],
    ['up --connector a/b --user u', '--user says something of a registry: give its --address.'],
    ['up --connector a --address https://r', '--connector is NAMESPACE/NAME, not a.'],
    ['down --connector a/b/c', '--connector is NAMESPACE/NAME, not a/b/c.'],
    [
      'up --connector a/b --address r.example',
      "--address is the registry's URL, as https://registry.example.com, not r.example."
    ],
    ['up --connector a/b --address https://r --class x', '--class is one of oci, harbor, not x.'],
    ['up --connector a/b --form x', '--form is one of exposed, unexposed, host, none, not x.'],
    [
      'up --connector a/b --node-port 80000',
      "--node-port is a port of the cluster's node ports, mostly 30000 to 32767, not 80000."
    ]
  ])('%s', (line, sentence) => {
    expect(() => read(line)).toThrow(new Error(sentence))
  })

  test('a user without a password', () => {
    expect(() => read('up --connector a/b --address https://r --user u', {})).toThrow(
      'The password of u is missing: set UPSTREAM_PASSWORD.'
    )
  })

  test('a password in the address, which it does not repeat', () => {
    const attempt = () => read('up --connector a/b --address https://u:secret@r')
    expect(attempt).toThrow('--address has no user and no password in it: they are --user and UPSTREAM_PASSWORD.')
    expect(attempt).not.toThrow(/secret/)
  })
})
