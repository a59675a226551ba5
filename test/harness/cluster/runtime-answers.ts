import { connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'

/** A message of gRPC that is not compressed and empty: VersionRequest needs no field. */
const EMPTY_MESSAGE = Buffer.alloc(5)

/**
 * Asks a container runtime for its version, as the kubelet does before anything else: one that is still reading what it
 * finds on the disk has its socket and its plugins, and refuses this call, and the kubelet ends. It is a call of gRPC by
 * HTTP/2, with its outcome in the trailers (the gRPC protocol over HTTP/2, CRI v1).
 *
 * @param socket the path of the runtime's socket
 * @param timeoutMs for the answer
 * @returns true when the runtime answered well
 * @throws what it said, or why it could not be reached
 */
export function runtimeAnswers(socket: string, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const session = connect('http://localhost', { createConnection: () => connectSocket(socket) })
    const timer = setTimeout(() => session.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    session.on('error', reject).on('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection ended without an answer'))
    })
    const call = session.request({
      ':method': 'POST',
      ':path': '/runtime.v1.RuntimeService/Version',
      'content-type': 'application/grpc',
      te: 'trailers'
    })
    const read = (headers: IncomingHttpHeaders): void => {
      const { 'grpc-status': status, 'grpc-message': message } = headers
      if (typeof status !== 'string') return
      if (status === '0') resolve(true)
      else reject(new Error(typeof message === 'string' ? message : `gRPC status ${status}`))
      session.close()
    }
    // A refusal may be nothing but headers.
    call.on('response', read).on('trailers', read).on('error', reject)
    call.resume()
    call.end(EMPTY_MESSAGE)
  })
}
