import { createServer, connect, type Server, type Socket } from 'node:net'

import type { Cluster } from '../harness/cluster/index.js'

/** How the API server is reached by a longer way. */
export interface Way {
  readonly delayMs: number
  readonly host: string
  readonly port: number
}

/**
 * A way to the API server on which whatever a client sends comes later, and nothing else is different: what a client sends
 * and then waits for costs the delay once. That a connection is opened costs nothing here, and its TLS handshake one delay.
 */
export class SlowWay {
  /** What came back to clients so far, in bytes. */
  received = 0
  /** How many connections there were. */
  connections = 0
  readonly way: Way
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()

  private constructor(way: Way, listener: Server) {
    this.way = way
    this.#listener = listener
  }

  /** On the address by which pods reach this machine. */
  static async open(cluster: Cluster, delayMs: number): Promise<SlowWay> {
    const listener = createServer()
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(0, cluster.gateway, resolve)
    })
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    const slow = new SlowWay({ delayMs, host: cluster.gateway, port: address.port }, listener)
    const server = new URL(cluster.server)
    listener.on('connection', client => slow.#serve(client, server))
    return slow
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.#listener.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(client: Socket, { hostname: host, port }: URL): void {
    this.connections += 1
    const server = connect({ host, port: Number(port) })
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (bytes: Buffer) => setTimeout(() => server.write(bytes), this.way.delayMs))
    server.on('data', (bytes: Buffer) => {
      this.received += bytes.length
      client.write(bytes)
    })
  }
}
