import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'
import type { Certificate } from './certificate.js'

/** A small real HTTP server for tests; it keeps what was asked of it. */
export interface FakeRegistry {
  readonly host: string
  /** With the scheme. */
  readonly origin: string
  /** `METHOD path`, in order. */
  readonly asked: readonly string[]
  readonly headers: readonly IncomingMessage['headers'][]
  readonly bodies: readonly string[]
  stop(): Promise<void>
}

/** Answers a request after its body was read. */
export type RegistryHandler = (request: IncomingMessage, response: ServerResponse, nth: number, body: string) => void

export async function startFakeRegistry(handler: RegistryHandler, certificate?: Certificate): Promise<FakeRegistry> {
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const bodies: string[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
      headers.push(request.headers)
      bodies.push(body)
      handler(request, response, asked.length, body)
    })
  }
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  return {
    host,
    origin: `${certificate === undefined ? 'http' : 'https'}://${host}`,
    asked,
    headers,
    bodies,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/**
 * For a file of tests: starts servers, each of which ends with the test that started it.
 *
 * @param started where they are found while that test runs
 */
export function servers(
  started: FakeRegistry[] = []
): (handler: RegistryHandler, certificate?: Certificate) => Promise<FakeRegistry> {
  afterEach(async () => {
    await Promise.all(started.splice(0).map(server => server.stop()))
  })
  return async (handler, certificate) => {
    const server = await startFakeRegistry(handler, certificate)
    started.push(server)
    return server
  }
}

/** Answers with a status and an error body of the distribution specification. */
export function answerProblem(response: ServerResponse, status: number, code: string, message = 'no'): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message, detail: {} }] }))
}

/** Answers 401 with a challenge. */
export function answerChallenge(response: ServerResponse, wwwAuthenticate: string): void {
  response.writeHead(401, { 'www-authenticate': wwwAuthenticate }).end()
}

export function answerJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
