import type { Readable } from 'node:stream'

export interface ExecTarget {
  readonly pod: string
  readonly container: string
  /** Constant words only: API audit logs record them. */
  readonly command: readonly string[]
  /** Opens standard input; default false. */
  readonly stdin?: boolean
}

export interface ExecOptions {
  readonly signal?: AbortSignal
  /**
   * The command may be run twice: a connection that breaks before the stream is open is then tried again. Without it
   * that is `STREAM_LOST`, since the command may have begun. Default false.
   */
  readonly repeatable?: boolean
}

/** A command in a container, by one WebSocket. */
export interface ExecStream {
  /** When the reader stops, the socket is paused. Both streams have to be read (or `resume()`d): they share the socket. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Sends to standard input; resolves when the socket took it (less than 1 MiB waits in it). */
  write(chunk: Uint8Array | string): Promise<void>
  /** Ends standard input. With subprotocol v4 (API servers before 1.30) the container does not see it. */
  end(): void
  /** The exit code, after both outputs were delivered whole. Rejects with STREAM_LOST, EXEC_FAILED or ABORTED. */
  readonly exit: Promise<number>
  /** Cuts the connection. The command is not told and may go on. */
  close(): void
}
