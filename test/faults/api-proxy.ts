import { createServer, connect, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Cluster } from '../harness/cluster/index.js'

/** How a connection is taken away. */
export type Cut = 'rst' | 'fin'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/**
 * A TCP proxy before the API server, on the address by which pods reach this machine. It passes bytes on untouched until
 * it is told to cut every connection, to hold all bytes back for a while, or to refuse.
 */
export class ApiProxy {
  readonly port: number
  readonly #target: URL
  readonly #address: string
  readonly #pairs = new Set<Pair>()
  #listener: Server
  #stalled = false
  /** Milliseconds after which each of the next connections is cut. */
  #doomed: number[] = []
  #opened = 0

  private constructor(target: URL, address: string, listener: Server, port: number) {
    this.#target = target
    this.#address = address
    this.#listener = listener
    this.port = port
    listener.on('connection', client => this.#serve(client))
  }

  static async start(cluster: Cluster): Promise<ApiProxy> {
    const listener = await listen(cluster.gateway, 0)
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    return new ApiProxy(new URL(cluster.server), cluster.gateway, listener, address.port)
  }

  /** Environment of a runner pod whose hook reaches the API server only through this proxy. */
  get env(): Readonly<Record<string, string>> {
    return { KUBERNETES_SERVICE_HOST: this.#address, KUBERNETES_SERVICE_PORT: String(this.port) }
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size
  }

  /** How many connections came so far. */
  get opened(): number {
    return this.#opened
  }

  /** Takes every open connection away. New ones are served. */
  cut(how: Cut): void {
    for (const pair of [...this.#pairs]) take(pair, how)
  }

  /** Takes the next connections away by RST, each so many milliseconds after it was opened. */
  cutNext(afterMs: readonly number[]): void {
    this.#doomed = [...afterMs]
  }

  /** Lets no byte pass for so long, on old and new connections alike; then all goes on. */
  async stall(ms: number): Promise<void> {
    this.#stalled = true
    for (const pair of this.#pairs) hold(pair)
    await sleep(ms)
    this.#stalled = false
    for (const pair of this.#pairs) release(pair)
  }

  /** Cuts every connection and refuses new ones until something has happened, as an API server that is down. */
  async refuse(until: Promise<unknown>): Promise<void> {
    const closed = new Promise(resolve => this.#listener.close(resolve))
    this.cut('rst')
    try {
      await Promise.all([closed, until])
    } finally {
      await closed
      this.#listener = await listen(this.#address, this.port)
      this.#listener.on('connection', client => this.#serve(client))
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.#listener.close(resolve))
    this.cut('rst')
    await closed
  }

  #serve(client: Socket): void {
    this.#opened += 1
    const { hostname: host, port } = this.#target
    const server = connect({ host, port: Number(port), allowHalfOpen: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    if (this.#stalled) hold(pair)
    else release(pair)
    const doom = this.#doomed.shift()
    if (doom !== undefined) setTimeout(() => take(pair, 'rst'), doom)
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const listener = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(port, host, resolve)
  })
  return listener
}

function take({ client, server }: Pair, how: Cut): void {
  if (how === 'rst') {
    client.resetAndDestroy()
    server.destroy()
    return
  }
  // A clean end towards the client, who still may write: destroyed with unread bytes, the socket would send RST.
  server.removeAllListeners('close')
  server.destroy()
  client.unpipe(server)
  client.resume()
  client.end()
}

function hold({ client, server }: Pair): void {
  client.unpipe(server)
  server.unpipe(client)
  client.pause()
  server.pause()
}

function release({ client, server }: Pair): void {
  client.pipe(server)
  server.pipe(client)
}
