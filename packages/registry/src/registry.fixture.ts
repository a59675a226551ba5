import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small real HTTP server for tests; it keeps what was asked of it. */
export interface FakeRegistry {
  readonly host: string
  /** `METHOD path`, in order. */
  readonly asked: readonly string[]
  readonly headers: readonly IncomingMessage['headers'][]
  stop(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse, nth: number) => void

export async function startFakeRegistry(handler: Handler): Promise<FakeRegistry> {
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    headers.push(request.headers)
    handler(request, response, asked.length)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    asked,
    headers,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/** Answers with a status and an error body of the distribution specification. */
export function answerProblem(response: ServerResponse, status: number, code: string, message = 'no'): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message, detail: {} }] }))
}
