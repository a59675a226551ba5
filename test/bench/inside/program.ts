import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'

/** What a program did. */
export interface ProgramRun {
  /** From its start until it has ended and all of its output was read. */
  readonly ms: number
  readonly code: number
  readonly bytes: number
  readonly sha256: string
  /** The last KiB of its stdout. */
  readonly tail: string
  readonly stderr: string
  /** When it was started, and when the words that were waited for came: milliseconds of the epoch. */
  readonly began: number
  readonly heard: number
}

/** Runs a program and takes its time. Undefined removes a variable from its environment. */
export async function runProgram(
  [file = '', ...args]: readonly string[],
  options: {
    readonly stdin?: string
    readonly env?: Readonly<Record<string, string | undefined>>
    /** The output is listened to until these words. */
    readonly words?: string
  } = {}
): Promise<ProgramRun> {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...options.env }
  const start = performance.now()
  const began = Date.now()
  let heard = 0
  const child = spawn(file, args, { env, stdio: 'pipe' })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  const hash = createHash('sha256')
  let bytes = 0
  let tail = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
    tail = Buffer.concat([tail, chunk.subarray(-1024)]).subarray(-1024)
    if (heard === 0 && options.words !== undefined && tail.includes(options.words)) heard = Date.now()
  })
  const [stderr, code] = await Promise.all([text(child.stderr), ended])
  const ms = performance.now() - start
  return { ms, code, bytes, sha256: hash.digest('hex'), tail: tail.toString(), stderr, began, heard }
}
