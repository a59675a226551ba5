import { networkInterfaces } from 'node:os'
import { createServer, type Server, type TLSSocket } from 'node:tls'

import { ALIVE_MS, DIRECT_TLS, IDENTITY, type Direct, type Serve } from './words.js'

/** The hook has one at a time; whoever else calls holds none for longer than this, in milliseconds. */
const MOST_CONNECTIONS = 8
const HANDSHAKE_MS = 2_000

let current: Server | undefined

/**
 * Lets the hook call without the API server. The job's containers share the pod's network, and can call too: who has not the
 * key is not heard.
 *
 * @param accept gets each connection of somebody who has the key
 * @throws Error when the pod has no address, and the system's error when nothing can listen there
 */
export async function serve(
  { key, host = ownAddress() }: Serve,
  accept: (socket: TLSSocket) => void
): Promise<Pick<Direct, 'host' | 'port'>> {
  current?.close()
  const psk = Buffer.from(key, 'base64')
  const server = createServer({
    ...DIRECT_TLS,
    handshakeTimeout: HANDSHAKE_MS,
    pskCallback: (_, identity) => (identity === IDENTITY ? psk : null)
  })
  server.maxConnections = MOST_CONNECTIONS
  server.on('secureConnection', socket => {
    socket.on('error', () => undefined)
    socket.setNoDelay(true).setKeepAlive(true, ALIVE_MS)
    accept(socket)
  })
  // Node only tells of who did not prove the key in time, and leaves him connected.
  server.on('tlsClientError', (_, socket) => void socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  // Such as a connection that cannot be taken now: who listens goes on.
  server.on('error', () => undefined)
  current = server
  return { host, port: (server.address() as { readonly port: number }).port }
}

/**
 * The pod's first address that leads to it from elsewhere. Those of one link do not: a pod of an IPv6 cluster may have one of IPv4 for what it
 * calls outside of the cluster, and that comes first.
 */
export function ownAddress(interfaces = networkInterfaces()): string {
  const found = Object.values(interfaces)
    .flatMap(addresses => addresses ?? [])
    .find(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/.test(address))
  if (found === undefined) throw new Error('there is no address')
  return found.address
}
