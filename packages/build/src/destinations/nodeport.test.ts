import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { NodePortDestination } from './nodeport.js'

const DIGEST = `sha256:${'a'.repeat(64)}`

let server: Server
let asked: string[]
let answer: number
let destination: NodePortDestination

beforeEach(async () => {
  asked = []
  answer = 202
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    response.writeHead(answer).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  destination = new NodePortDestination({ host: '127.0.0.1', port, nodePort: 31500, client: { pauseMs: 1 } })
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

test('an image is pushed to the Service and pulled from the node', () => {
  const target = new NodePortDestination({ host: 'registry.ci.svc', port: 5000, nodePort: 31500 }).target('abc-1')
  expect(target.pushRef).toBe('registry.ci.svc:5000/kaniko-hooks/abc-1:built')
  expect(target.insecureRegistries).toEqual(['registry.ci.svc:5000'])
  expect(target.pullRef(DIGEST)).toBe(`localhost:31500/kaniko-hooks/abc-1@${DIGEST}`)
})

test('a handle that is no name is found before a pod starts', () => {
  expect(() => destination.target('Not A Name')).toThrow(/not an image reference/)
})

test('its tag and its manifest are removed, in its own repository', async () => {
  const { pushRef } = destination.target('abc')
  expect(await destination.remove({ pushRef, digest: DIGEST })).toEqual({ result: 'removed' })
  expect(asked).toEqual([
    'DELETE /v2/kaniko-hooks/abc/manifests/built',
    `DELETE /v2/kaniko-hooks/abc/manifests/${DIGEST}`
  ])
})

test('a registry that is there', async () => {
  answer = 200
  expect(await destination.probe()).toBeUndefined()
})

test('a registry that surely is not there is an error', async () => {
  server.close()
  await expect(destination.probe()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', fault: 'configuration' })
})

test('one that does not answer in time is a sentence', async () => {
  server.removeAllListeners('request')
  server.on('request', () => undefined)
  const { port } = server.address() as AddressInfo
  const client = { answerTimeoutMs: 20, connectTimeoutMs: 20, retries: 0 }
  const slow = new NodePortDestination({ host: '127.0.0.1', port, nodePort: 31500, client })
  expect(await slow.probe()).toContain('cannot be reached')
})
