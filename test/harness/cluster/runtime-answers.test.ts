import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { runtimeAnswers } from './runtime-answers.js'
import { until } from './wait.js'

const NOT_YET = { 'grpc-status': '2', 'grpc-message': 'server is not initialized yet' }

let directory: string
let socket: string
let server: Http2Server
let calls: string[]
/** What the next calls get; after that the runtime answers well. */
let refusals: ((stream: ServerHttp2Stream) => void)[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runtime-'))
  socket = join(directory, 'containerd.sock')
  calls = []
  refusals = []
  server = createServer().on('stream', (stream: ServerHttp2Stream, headers) => {
    calls.push(`${headers[':method']} ${headers[':path']} ${headers['content-type']}`)
    const refuse = refusals.shift()
    stream.on('error', () => undefined).resume()
    if (refuse === undefined) answer(stream, { 'grpc-status': '0' })
    else refuse(stream)
  })
})

afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

function answer(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(Buffer.alloc(5))
}

const listening = (): Promise<void> => new Promise(resolve => server.listen(socket, resolve))

test('a runtime is waited for until it answers: not until it is there, nor until its socket is', async () => {
  refusals = [
    stream => answer(stream, NOT_YET),
    // With nothing but headers, as gRPC says what has no message.
    stream => stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...NOT_YET }, { endStream: true }),
    stream => stream.session?.destroy(),
    // Stopped: it takes the call, and says nothing.
    () => undefined
  ]
  const waiting = until('the runtime', 30, () => runtimeAnswers(socket, 200))
  await sleep(100)
  expect(calls).toEqual([])
  await listening()
  await waiting
  expect(refusals).toEqual([])
  // A machine that stalls calls once more.
  expect(calls.length).toBeGreaterThanOrEqual(5)
  expect(new Set(calls)).toEqual(new Set(['POST /runtime.v1.RuntimeService/Version application/grpc']))
})

test('what it said is why the waiting was in vain', async () => {
  refusals = Array.from({ length: 100 }, () => (stream: ServerHttp2Stream) => answer(stream, NOT_YET))
  await listening()
  await expect(until('the runtime', 0.2, () => runtimeAnswers(socket))).rejects.toThrow(
    'the runtime did not come within 0.2 s: server is not initialized yet.'
  )
})

test('without a socket there is no answer', async () => {
  await expect(runtimeAnswers(socket)).rejects.toThrow(/ENOENT/)
})
