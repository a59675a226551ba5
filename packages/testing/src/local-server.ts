import http from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ClusterConfig } from '@kaniko-hooks/kube'

/** A request as it came. */
export interface ApiCall {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
  readonly socket: Socket
}

/** Answers one request; a returned value is sent as JSON with status 200. */
export type Handler = (call: ApiCall, response: ServerResponse) => unknown

export interface LocalServer {
  readonly config: ClusterConfig
  readonly server: http.Server
  readonly calls: ApiCall[]
  close(): Promise<void>
}

/** A real HTTP server on 127.0.0.1 in the place of the API server. */
export async function localServer(handler: Handler, tls?: https.ServerOptions): Promise<LocalServer> {
  const calls: ApiCall[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://local')
      const text = Buffer.concat(chunks).toString('utf8')
      const call: ApiCall = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
        socket: request.socket
      }
      calls.push(call)
      void Promise.resolve(handler(call, response)).then(answer => {
        if (answer !== undefined) respond(response, 200, answer)
      })
    })
  }
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server,
    calls,
    config: {
      server: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`),
      namespace: 'arc',
      token: () => Promise.resolve('t0ken')
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

export function respond(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
