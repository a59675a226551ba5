import { PassThrough, type Readable } from 'node:stream'
import type { WebSocket } from 'ws'
import { exitStatus, finish, send, SUCCESS } from './exec-server.js'
import { type Refusal, refused } from './refusals.js'

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const CLOSE = 255

/** A command that somebody runs in a container. */
export interface ExecCall {
  readonly pod: string
  readonly container: string
  readonly command: readonly string[]
  /** What the client sends; it ends when the client says so or goes away. */
  readonly stdin: Readable
  /** Writes to standard output; resolves when there is room for more. */
  readonly print: (chunk: string | Uint8Array) => Promise<void>
  /** Writes to standard error. */
  readonly complain: (chunk: string | Uint8Array) => Promise<void>
  /** Aborted when the client cuts the connection. */
  readonly gone: AbortSignal
}

/** The answer of a script that cuts the connection before the exit code. */
export const EXEC_CUT = 'cut' as const

/** How a command ends: with an exit code, by a cut connection, or as one that the node could not run. */
export type ExecAnswer = number | typeof EXEC_CUT | Refusal

/** Does what containers do with commands. */
export type ExecScript = (call: ExecCall) => ExecAnswer | Promise<ExecAnswer>

/** Runs a command on a socket that speaks `remotecommand`. */
export async function runExec(socket: WebSocket, url: URL, pod: string, script: ExecScript): Promise<void> {
  const { searchParams: query } = url
  const stdin = new PassThrough()
  const gone = new AbortController()
  socket.on('message', (data: Buffer) => {
    if (data[0] === STDIN && !stdin.writableEnded) {
      if (stdin.write(data.subarray(1))) return
      socket.pause()
      stdin.once('drain', () => socket.resume())
    } else if (data[0] === CLOSE) stdin.end()
  })
  socket.on('close', () => {
    stdin.end()
    gone.abort()
  })
  if (query.get('stdin') !== 'true') stdin.end()
  const writer =
    (channel: number) =>
    async (chunk: string | Uint8Array): Promise<void> => {
      if (chunk.length > 0) send(socket, channel, chunk)
      while (socket.bufferedAmount > 1_000_000 && socket.readyState === socket.OPEN) {
        await new Promise(resolve => setTimeout(resolve, 1))
      }
    }
  const call: ExecCall = {
    pod,
    container: query.get('container') ?? '',
    command: query.getAll('command'),
    stdin,
    print: writer(STDOUT),
    complain: writer(STDERR),
    gone: gone.signal
  }
  const answer = await answerOf(script, call)
  if (answer === EXEC_CUT) socket.terminate()
  else if (typeof answer === 'number') finish(socket, answer === 0 ? SUCCESS : exitStatus(answer))
  else finish(socket, JSON.stringify(answer))
}

/** What a script throws reaches whoever ran the command, as a failure of the node. */
async function answerOf(script: ExecScript, call: ExecCall): Promise<ExecAnswer> {
  try {
    return await script(call)
  } catch (error) {
    return refused(500, 'InternalError', `the script of the test failed: ${String(error)}`)
  }
}
