import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { text } from 'node:stream/consumers'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { read } from '../options/options.fixture.js'
import { container } from '../job/call.fixture.js'
import { forwardPorts } from './forward.js'
import type { Service } from './service.js'

let server: Server
let port: number
let printed: string[]
beforeEach(async () => {
  printed = []
  // Answers when it has heard all.
  server = createServer({ allowHalfOpen: true }, socket => {
    let said = ''
    socket.on('data', piece => (said += piece.toString())).on('end', () => socket.end(`heard ${said}`))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(() => void server.close())

function service(...portMappings: string[]): { readonly service: Service; readonly ip: string } {
  const args = container({ image: 'web', portMappings })
  const names = { title: 'site', container: 'web', image: 'web', hosts: ['site'], oddHosts: [] }
  return { ip: '127.0.0.1', service: { ...names, args, options: read(''), hasOwnPod: false } }
}

const forward = async (...services: Parameters<typeof forwardPorts>[1]) =>
  forwardPorts({ print: line => void printed.push(String(line)) }, services)

async function say(to: number, words: string): Promise<string> {
  const socket = connect(to, '127.0.0.1')
  socket.end(words)
  return text(socket)
}

test('a published port is reached on localhost, in both directions to the end', async () => {
  const [answer, nothing] = await forward(service(String(port)), service('53:53/udp'))
  expect(Object.keys(answer ?? {})).toEqual([String(port)])
  expect(await say(Number(answer?.[String(port)]), 'hello')).toBe('heard hello')
  expect(nothing).toEqual({})
  expect(printed).toEqual([])
})

test('a port that is taken is told, and the others are reached', async () => {
  const [answer] = await forward(service(`${port}:80`, String(port)))
  expect(Object.keys(answer ?? {})).toEqual([String(port)])
  expect(printed).toEqual([`::warning::A service is not reached on localhost: port ${port} for service site is taken.`])
})

test('where no process can be started, that is a warning, and the job goes on', async () => {
  const node = process.execPath
  process.execPath = '/nowhere/node'
  try {
    expect(await forward(service('80'))).toEqual([{}])
  } finally {
    process.execPath = node
  }
  expect(printed).toEqual([
    expect.stringMatching(/^::warning::A service is not reached on localhost: .*spawn .*ENOENT/)
  ])
})
