import { randomBytes } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import { PassThrough } from 'node:stream'

import { KubeError, type ExecStream } from '@kaniko-hooks/kube'

import { ALIVE_MS, DIRECT_TLS, IDENTITY, type Direct } from './helper/words.js'
import { room } from './tree/room.js'

/** A pod that is reached at all is reached sooner; a network policy that drops what it does not allow lets nothing know. */
const CONNECT_MS = 1_000

/** What a conversation needs of its connection. */
export type Connection = Pick<ExecStream, 'stdout' | 'stderr' | 'exit' | 'write' | 'close'>

/** A key that nobody has had before, as `Direct` has it. */
export function newKey(): string {
  return randomBytes(32).toString('base64')
}

/**
 * Connects with the program in a job's pod, past the API server. Both ends prove that they have the key (TLS 1.3, RFC 8446 section 2.2) before
 * anything is said; whoever else listens or calls there gets nothing but a refusal.
 *
 * @throws the system's or the protocol's error, or what the signal says
 */
export async function connectDirect({ host, port, key }: Direct, signal?: AbortSignal): Promise<Connection> {
  const socket = connect({
    host,
    port,
    ...DIRECT_TLS,
    pskCallback: () => ({ psk: Buffer.from(key, 'base64'), identity: IDENTITY }),
    // Who has the key needs no certificate, and is asked for none. One that an authority has signed is no substitute, whatever the environment says.
    rejectUnauthorized: true,
    checkServerIdentity: () => withoutKey()
  })
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => void socket.destroy(new Error('the pod was not reached in time'))
    const limit = setTimeout(stop, CONNECT_MS)
    signal?.addEventListener('abort', stop)
    const settle = (): void => {
      clearTimeout(limit)
      signal?.removeEventListener('abort', stop)
    }
    socket.once('secureConnect', () => {
      settle()
      // In TLS 1.3, a key that both have is a session taken up again.
      if (socket.isSessionReused()) resolve()
      else socket.destroy(withoutKey())
    })
    socket.once('error', (error: Error) => {
      settle()
      reject(error)
    })
    if (signal?.aborted === true) stop()
  })
  socket.setNoDelay(true).setKeepAlive(true, ALIVE_MS)
  return connectionOf(socket)
}

/** Whether a program can be reached so. */
export async function canConnect(direct: Direct): Promise<boolean> {
  try {
    ;(await connectDirect(direct)).close()
    return true
  } catch {
    return false
  }
}

function withoutKey(): Error {
  return new Error('who answers has not the key')
}

function connectionOf(socket: TLSSocket): Connection {
  let reason: unknown
  socket.on('error', (error: Error) => void (reason = error))
  const lost = (): KubeError => new KubeError('STREAM_LOST', 'The connection with the pod was lost.', { cause: reason })
  const exit = new Promise<number>((_, reject) => socket.once('close', () => reject(lost())))
  exit.catch(() => undefined)
  // As an exec's, it ends however the connection does, and `exit` tells why: who reads need not know the system's errors.
  const stdout = new PassThrough()
  socket.once('close', () => stdout.end()).pipe(stdout)
  return {
    stdout,
    stderr: new PassThrough(),
    exit,
    write: async bytes => {
      if (!socket.destroyed && !socket.write(bytes)) await room(socket)
      if (socket.destroyed) throw lost()
    },
    close: () => void socket.destroy()
  }
}
