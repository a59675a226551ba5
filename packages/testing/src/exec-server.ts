import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Handler, type LocalServer, localServer, respond } from './local-server.js'
import { refused } from './refusals.js'

export const SUCCESS = JSON.stringify({ metadata: {}, status: 'Success' })

/** The status of a command that ended with another code than 0. */
export function exitStatus(code: number): string {
  return JSON.stringify({
    ...refused(500, 'NonZeroExitCode', `command terminated with non-zero exit code: exit status ${code}`),
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] }
  })
}

/** Sends a frame on a channel of `remotecommand`. */
export function send(socket: WebSocket, channel: number, data: string | Uint8Array): void {
  socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]))
}

/** Sends a status and closes, as the API server does. */
export function finish(socket: WebSocket, status: string): void {
  send(socket, 3, status)
  socket.close(1000)
}

export interface ExecServerOptions {
  /** The newest subprotocol that it speaks; default v5. */
  readonly protocol?: string
  readonly autoPong?: boolean
  /** Answers all that is no exec. */
  readonly answer?: Handler
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A real API server's exec endpoint; `run` is the command, with the TCP socket below its WebSocket. */
export async function execServer(
  run: (socket: WebSocket, query: URLSearchParams, authorization: string | undefined, tcp: Socket) => void,
  { protocol = 'v5.channel.k8s.io', autoPong = true, answer, tls }: ExecServerOptions = {}
): Promise<LocalServer> {
  const local = await localServer(
    answer ?? ((_call, response) => respond(response, 400, refused(400, 'BadRequest', 'Upgrade'))),
    tls
  )
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong,
    handleProtocols: offered => (offered.has(protocol) ? protocol : false)
  })
  local.server.on('upgrade', (request, stream: Socket, head) => {
    sockets.handleUpgrade(request, stream, head, socket => {
      run(socket, new URL(request.url ?? '/', 'http://local').searchParams, request.headers.authorization, stream)
    })
  })
  return {
    ...local,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      await local.close()
    }
  }
}
