import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'

import { literal } from '@kaniko-hooks/kube'
import type { ExecAnswer, ExecCall, ExecScript } from '@kaniko-hooks/testing'

import { WORK_CONTAINER } from '../../pods/names.js'
import { NO_MAIL } from '../mailbox/letters.js'
import { dataFrame, FrameReader, messageFrame } from '../tree/frames.js'
import { EndedEarly } from '../tree/pieces.js'
import { room } from '../tree/room.js'
import { CALL_COMMAND, EXTERNALS, keepCommand, OWN, programBytes } from './program.js'
import type { Answer, Word } from './words.js'

/** Whether a command of a pod is the one that starts our program. */
export function isProgram({ command }: Pick<ExecCall, 'command'>): boolean {
  return command[3] === 'work'
}

/** What a played program says to a word; nothing for silence, an exit code to end with. */
export type Says = (word: Word) => Answer | undefined | ExecAnswer

const USUAL: Says = word => {
  if ('open' in word) return { ready: true }
  if ('take' in word) return { took: { files: 0, bytes: 0 } }
  if ('externals' in word) return { copied: true }
  if ('mail' in word) return { mail: NO_MAIL }
  if ('here' in word) return { here: true }
  if ('serve' in word) return { failed: { message: 'no network' } }
  return 'kept' in word || 'give' in word ? undefined : { remembered: true }
}

/**
 * A pod's program with all its answers ready: it takes whatever comes, and has nothing to give.
 *
 * @param told gets each word
 * @param given what it gives
 */
export function plays(
  says: Says = () => undefined,
  told: Word[] = [],
  given: readonly Buffer[] = [
    messageFrame({ files: 0, bytes: 0 }),
    messageFrame({ sent: { files: 0, bytes: 0, closed: [] } })
  ]
): ExecScript {
  return async ({ stdin, print }) => {
    const frames = new FrameReader(afterProgram(stdin as AsyncIterable<Buffer>))
    let isAlike = true
    try {
      for (;;) {
        const frame = await frames.next()
        if (!('message' in frame)) continue
        const message = frame.message as Word
        if (!WORDS.some(name => name in message)) continue
        told.push(message)
        if ('take' in message) await untilSent(frames)
        if ('give' in message) await print(Buffer.concat(given))
        const isRefused: boolean = 'take' in message && !message.take.whole && !isAlike
        const answer: ReturnType<Says> = says(message) ?? (isRefused ? { diverged: true } : USUAL(message))
        if (typeof answer === 'object' && 'ready' in answer) isAlike = answer.ready
        if (typeof answer === 'number' || typeof answer === 'string' || (answer !== undefined && 'status' in answer))
          return answer
        if (answer !== undefined) await print(messageFrame(answer))
      }
    } catch (error) {
      if (error instanceof EndedEarly) return 0
      throw error
    }
  }
}

const WORDS = ['open', 'take', 'give', 'kept', 'leave', 'externals', 'mail', 'here', 'serve']

async function untilSent(frames: FrameReader): Promise<void> {
  for (;;) {
    const frame = await frames.next()
    if ('message' in frame && 'sent' in (frame.message as object)) return
  }
}

/** The stream without the program that stands before the first frame. */
async function* afterProgram(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let start: Buffer = Buffer.alloc(0)
  let left: number | undefined
  for await (const chunk of stream) {
    if (left === 0) {
      yield chunk
      continue
    }
    start = Buffer.concat([start, chunk])
    if (left === undefined && start.length >= 36) left = 36 + start.readUInt32BE(0)
    if (left === undefined || start.length < left) continue
    yield start.subarray(left)
    left = 0
  }
}

/** $0 = a size, $1 = a directory, and a command that finds a disk of that size there. */
const SMALL_DISK = 'mount -t tmpfs -o "size=$0" none "$1" && shift && exec "$@"'

/** Programs on this machine, in the place of those in pods. */
export class ProgramsHere {
  readonly #local: (pod: string, path: string) => string
  readonly #keepers = new Map<string, ChildProcess>()
  readonly #calls = new Set<ChildProcess>()
  /** Where a pod's image has its nodes, as a pattern of the shell. */
  nodes = process.execPath
  /** A directory here that has what a pod's image has as externals; without one a pod has no volume for them. */
  externals: string | undefined
  /** Told of each word before the pod hears it. */
  onWord: (word: Word) => void | Promise<void> = () => undefined
  /** Of the work directories of pods, in MiB; without a size they are as large as this machine's disk. */
  diskSize: number | undefined

  /** @param local where a path of a pod is here */
  constructor(local: (pod: string, path: string) => string) {
    this.#local = local
  }

  /** Starts a container's command, which ends with the test or by itself. */
  start(pod: string, [program = '', ...words]: readonly string[]): ChildProcess {
    for (const path of ['/work', OWN, EXTERNALS]) mkdirSync(this.#local(pod, path), { recursive: true })
    // The kubelet's escape.
    const plain = words.map(word => this.#localised(pod, word.replaceAll('$$', '$')))
    const child =
      this.diskSize === undefined
        ? spawn(program, plain)
        : spawn('unshare', [
            '--mount',
            'sh',
            '-c',
            SMALL_DISK,
            `${this.diskSize}m`,
            this.#local(pod, '/work'),
            program,
            ...plain
          ])
    this.#keepers.set(`${pod} ${this.#keepers.size}`, child)
    return child
  }

  /** Passes an exec on to the pod's listener. A job's or a step's own is started when it is asked for first. */
  readonly exec: ExecScript = async ({ pod, container, stdin, print, complain, gone }) => {
    if (container === WORK_CONTAINER && !this.#keepers.has(pod))
      this.#keepers.set(pod, this.start(pod, keepCommand().map(literal)))
    const [program = '', ...words] = CALL_COMMAND
    const child = spawn(
      program,
      words.map(word => this.#localised(pod, word))
    )
    this.#calls.add(child)
    gone.addEventListener('abort', () => {
      child.kill()
      child.stdin.destroy()
    })
    child.stdin.on('error', () => undefined)
    const code = new Promise<number>(resolve => child.on('close', status => resolve(status ?? 137)))
    const frames = new FrameReader(afterProgram(stdin as AsyncIterable<Buffer>))
    const feed = async (): Promise<void> => {
      child.stdin.write(programBytes())
      for (;;) {
        const frame = await frames.next()
        if ('message' in frame) await this.onWord(frame.message as Word)
        const bytes = 'data' in frame ? dataFrame(frame.data) : messageFrame(this.#opened(pod, frame.message as Word))
        if (!child.stdin.write(bytes)) await room(child.stdin)
      }
    }
    void feed().catch(() => child.stdin.end())
    const pass = async (output: AsyncIterable<Buffer>, write: (chunk: Buffer) => Promise<void>): Promise<void> => {
      for await (const chunk of output) await write(chunk)
    }
    await Promise.all([pass(child.stdout, print), pass(child.stderr, complain)])
    child.stdin.destroy()
    return code
  }

  /** Kills a pod's listener, as a lack of memory does. */
  crash(pod: string): void {
    const children = execFileSync('pgrep', ['-P', String(this.#keepers.get(pod)?.pid)], { encoding: 'utf8' })
    for (const child of children.trim().split('\n')) {
      process.kill(Number(child), 'SIGKILL')
      // What it still has open it would take along: a call at its door, too.
      while (existsSync(`/proc/${child}`)) execFileSync('sleep', ['0.01'])
    }
  }

  end(): void {
    for (const child of [...this.#keepers.values(), ...this.#calls]) child.kill()
  }

  #opened(pod: string, word: Word): Word {
    if (!('open' in word)) return word
    const { root, own } = word.open
    return { open: { ...word.open, root: this.#local(pod, root), own: this.#local(pod, own) } }
  }

  #localised(pod: string, text: string): string {
    return text
      .replaceAll(/(?<![\w/])\/transfer/g, this.#local(pod, OWN))
      .replaceAll('/home/runner/externals/node*/bin/node', this.nodes)
      .replaceAll('/home/runner/externals', this.externals ?? '/nowhere')
      .replaceAll(EXTERNALS, this.externals === undefined ? '/nowhere' : this.#local(pod, EXTERNALS))
  }
}
