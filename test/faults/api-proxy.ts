import { createServer, connect, type Server, type Socket } from 'node:net'

import type { Cluster } from '../cluster/index.js'

/** How a connection is taken away. */
export type Cut = 'rst' | 'fin'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/**
 * A TCP proxy before the API server, on the address by which pods reach this machine. It passes bytes on untouched until
 * it is told to cut every connection, or to hold all bytes back for a while.
 */
export class ApiProxy {
  readonly port: number
  readonly #listener: Server
  readonly #pairs: Set<Pair>
  #stalled = false

  private constructor(listener: Server, port: number, pairs: Set<Pair>) {
    this.#listener = listener
    this.port = port
    this.#pairs = pairs
  }

  static async start(cluster: Cluster): Promise<ApiProxy> {
    const target = new URL(cluster.server)
    const pairs = new Set<Pair>()
    const listener = createServer({ allowHalfOpen: true }, client => {
      const server = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true })
      const pair = { client, server }
      pairs.add(pair)
      const end = (): void => {
        pairs.delete(pair)
        client.destroy()
        server.destroy()
      }
      for (const socket of [client, server]) {
        socket.setNoDelay(true)
        socket.on('error', end)
        socket.on('close', end)
      }
      client.pipe(server)
      server.pipe(client)
      if (proxy.#stalled) hold(pair)
    })
    await new Promise<void>(resolve => listener.listen(0, cluster.gateway, resolve))
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    const proxy: ApiProxy = new ApiProxy(listener, address.port, pairs)
    return proxy
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Takes every open connection away. New ones are served. */
  cut(how: Cut): void {
    for (const { client, server } of [...this.#pairs]) {
      if (how === 'rst') client.resetAndDestroy()
      else client.end(() => client.destroySoon())
      server.destroy()
    }
  }

  /** Lets no byte pass for so long, on old and new connections alike; then all goes on. */
  async stall(ms: number): Promise<void> {
    this.#stalled = true
    const held = [...this.#pairs]
    for (const pair of held) hold(pair)
    await new Promise(resolve => setTimeout(resolve, ms))
    this.#stalled = false
    for (const { client, server } of this.#pairs) {
      client.pipe(server)
      server.pipe(client)
    }
  }

  async stop(): Promise<void> {
    this.cut('rst')
    await new Promise(resolve => this.#listener.close(resolve))
  }
}

function hold({ client, server }: Pair): void {
  client.unpipe(server)
  server.unpipe(client)
  client.pause()
  server.pause()
}
