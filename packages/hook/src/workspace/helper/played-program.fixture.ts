import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { ExecAnswer, ExecCall, ExecScript } from '@kaniko-hooks/testing'

import { dataFrame, EndedEarly, FrameReader, messageFrame } from '../tree/frames.js'
import type { Answer, Word } from './words.js'

declare const HELPER_PROGRAM: string

/** Whether a command of a pod is the one that starts our program. */
export function isProgram({ command }: Pick<ExecCall, 'command'>): boolean {
  return command[3] === 'work'
}

/** What a played program says to a word; nothing for silence, an exit code to end with. */
export type Says = (word: Word) => Answer | undefined | ExecAnswer

const USUAL: Says = word => {
  if ('open' in word) return { ready: true }
  if ('take' in word) return { took: { files: 0, bytes: 0 } }
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
    try {
      for (;;) {
        const frame = await frames.next()
        if (!('message' in frame)) continue
        const message = frame.message as Word
        if (!WORDS.some(name => name in message)) continue
        told.push(message)
        if ('take' in message) await untilSent(frames)
        if ('give' in message) await print(Buffer.concat(given))
        const answer = says(message) ?? USUAL(message)
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

const WORDS = ['open', 'take', 'give', 'kept', 'remember', 'release']

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

/**
 * The program itself, on this machine.
 *
 * @param local where a path of the pod is here
 */
export function programHere(local: (pod: string, path: string) => string): ExecScript {
  const file = join(mkdtempSync(join(tmpdir(), 'program-')), 'program.cjs')
  return async ({ pod, stdin, print, complain, gone }) => {
    writeFileSync(file, HELPER_PROGRAM)
    const child = spawn(process.execPath, [file])
    gone.addEventListener('abort', () => void child.kill())
    child.stdin.on('error', () => undefined)
    const code = new Promise<number>(resolve => child.on('close', status => resolve(status ?? 137)))
    const frames = new FrameReader(afterProgram(stdin as AsyncIterable<Buffer>))
    const feed = async (): Promise<void> => {
      for (;;) {
        const frame = await frames.next()
        const bytes = 'data' in frame ? dataFrame(frame.data) : messageFrame(localised(frame.message as Word))
        if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, 'drain'), once(child, 'close')])
      }
    }
    const localised = (word: Word): Word => {
      if ('release' in word) return { release: local(pod, word.release) }
      if (!('open' in word)) return word
      const open = { ...word.open, root: local(pod, word.open.root), own: local(pod, word.open.own) }
      for (const path of [open.root, open.own]) mkdirSync(path, { recursive: true })
      return { open }
    }
    void feed().catch(() => child.stdin.end())
    const pass = async (output: AsyncIterable<Buffer>, write: (chunk: Buffer) => Promise<void>): Promise<void> => {
      for await (const chunk of output) await write(chunk)
    }
    await Promise.all([pass(child.stdout, print), pass(child.stderr, complain)])
    return code
  }
}
