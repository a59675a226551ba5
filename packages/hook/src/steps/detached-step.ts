import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, KubeError, type ExecStream } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import { EndMark, type StepEnd } from './end-mark.js'
import { EXIT_SHORT, LAUNCH_COMMAND, SIGNAL_COMMAND } from './supervisor.js'

/** Opens an exec in the step's container. */
export type OpenExec = (command: readonly string[], options: { readonly signal?: AbortSignal }) => Promise<ExecStream>

/** Takes a piece of the step's output; resolves when it may get the next one. */
export type Output = (chunk: Buffer) => Promise<void>

/**
 * How long a step is looked for again after its connection was lost. An API server's restart fits in. The default of
 * `steps.orphanTimeout` is longer, so that a step is not ended while somebody still looks for it.
 */
const OUTAGE_MS = 5 * 60_000
/** How long the pod may take to say that it has the script. */
const START_MS = 20_000
/** How often a node that answers may refuse the command that starts a step, and how far apart. */
const REFUSALS = 5
const REFUSAL_PAUSE_MS = 1_000
/** Delivered output is acknowledged after so much, or so long; the spool keeps the rest for the next follower. */
const ACKNOWLEDGE_BYTES = 4 * 1024 * 1024
const ACKNOWLEDGE_MS = 5_000
/** The hook tells the pod at least this often that it follows the step. */
const HERE_MS = 10_000

export interface DetachedStep {
  readonly id: string
  /** The shell text of `stepScript`. */
  readonly script: string
  /** Runs LAUNCH_COMMAND; opened early, as that takes a moment. */
  readonly opened?: Promise<ExecStream>
  readonly openExec: OpenExec
  /** Returns when the container's node answers; throws when the container is gone. See `Kube.awaitNode`. */
  readonly awaitNode: (signal?: AbortSignal) => Promise<void>
  readonly output: Output
  /** The pod ends a step that no hook has followed for this time. */
  readonly orphanMs: number
  /** How long it is looked for again after a loss; default OUTAGE_MS. */
  readonly outageMs?: number
  /** Told when a lost connection is taken up again. */
  readonly onResume?: (why: string) => void
}

/**
 * Starts a step in its container and follows it to its end. The step does not depend on this connection: when it is
 * lost, a new one goes on at the byte where the old one ended; a node that is away is waited for, for as long as its pod
 * is there. A result is returned only when the pod's own record of the exit code was read.
 *
 * @param signal ends the waiting (not the step: see `signalStep`)
 * @returns the exit code, 128+n for a signal; with the word that the pod ended it as nobody followed, or `lost` when the
 *   step's supervisor was killed
 * @throws KubeError when the container is not there; HookError SPOOL, STEP_LOST (the step may still run)
 */
export async function runDetachedStep(step: DetachedStep, signal?: AbortSignal): Promise<StepEnd> {
  const mark = new EndMark(step.id)
  let offset = 0
  const { outageMs = OUTAGE_MS } = step
  let lost: { readonly since: number; readonly why: KubeError } | undefined
  let refusals = 0
  let { opened } = step
  for (;;) {
    const tooLate = new AbortController()
    // Each of both waits for an outage by itself, and the pod does not wait for their sum.
    const limit = lost && setTimeout(() => tooLate.abort(), lost.since + outageMs - Date.now())
    const limited = signal === undefined ? tooLate.signal : AbortSignal.any([signal, tooLate.signal])
    try {
      // The node may be away, and then refuses whatever it is asked.
      if (refusals > 0) await step.awaitNode(limited)
      const opening = opened ?? step.openExec(LAUNCH_COMMAND, { signal: limited })
      opened = undefined
      const stream = await opening
      // The signal stays the stream's.
      clearTimeout(limit)
      let here: NodeJS.Timeout | undefined
      try {
        await launch(stream, step, offset)
        lost = undefined
        refusals = 0
        // Apart from the output: a reader that is slow follows too.
        here = setInterval(
          () => void stream.write('here\n').catch(() => undefined),
          Math.min(HERE_MS, step.orphanMs / 4)
        )
        let acknowledged = { offset, at: performance.now() }
        for await (const chunk of stream.stdout as AsyncIterable<Buffer>) {
          offset += chunk.length
          const output = mark.take(chunk)
          if (output.length > 0) await step.output(output)
          if (mark.end !== undefined) {
            // The result is known; a connection that breaks now costs only the clean-up in the pod.
            await stream.write('end\n').catch(() => undefined)
            return mark.end
          }
          const now = performance.now()
          if (offset - acknowledged.offset >= ACKNOWLEDGE_BYTES || now - acknowledged.at >= ACKNOWLEDGE_MS) {
            acknowledged = { offset, at: now }
            await stream.write(`ack ${offset}\n`)
          }
        }
        await stream.exit
        throw new KubeError('STREAM_LOST', 'The connection to the step ended before the step did.')
      } finally {
        clearInterval(here)
        stream.close()
      }
    } catch (error) {
      if (signal?.aborted === true) throw error
      if (tooLate.signal.aborted && lost !== undefined && isKubeError(error, 'ABORTED'))
        throw notBack(lost.why, outageMs)
      if (!isPassing(error)) throw error
      if (isKubeError(error, 'EXEC_FAILED')) {
        refusals += 1
        if (refusals > REFUSALS) throw error
      }
      lost = { since: lost?.since ?? Date.now(), why: error }
      if (Date.now() - lost.since > outageMs) throw notBack(error, outageMs)
      step.onResume?.(error.message)
      const pause = Math.min(2_000, 100 + (Date.now() - lost.since) / 4)
      await sleep(refusals > 1 ? REFUSAL_PAUSE_MS : pause)
    } finally {
      clearTimeout(limit)
    }
  }
}

function notBack(why: KubeError, outageMs: number): HookError {
  return new HookError(
    'STEP_LOST',
    `The connection to the step was lost and did not come back within ${outageMs / 60_000} minutes: ${why.message}`,
    { cause: why }
  )
}

/**
 * Signals the process group of a running step.
 *
 * @param signal ends the try
 * @returns whether it was there to be signalled
 */
export async function signalStep(
  openExec: OpenExec,
  id: string,
  name: 'INT' | 'TERM' | 'KILL',
  signal?: AbortSignal
): Promise<boolean> {
  const stream = await openExec(SIGNAL_COMMAND, signal === undefined ? {} : { signal })
  try {
    stream.stdout.resume()
    stream.stderr.resume()
    await stream.write(`${id} ${name}\n`)
    return (await stream.exit) === 0
  } finally {
    stream.close()
  }
}

/**
 * A loss that another connection may mend, as against a container that is gone or a right that is missing. The API server
 * says 500 for its node: in the answer, or from 1.30 on as the result of a command (EXEC_FAILED).
 */
function isPassing(error: unknown): error is KubeError {
  if (isKubeError(error, 'STREAM_LOST', 'UNREACHABLE', 'TIMEOUT')) return true
  return isKubeError(error, 'API', 'EXEC_FAILED') && (error.status ?? 0) >= 500
}

/** Hands over the script and waits until the pod says that it has it whole. */
async function launch(stream: ExecStream, step: DetachedStep, offset: number): Promise<void> {
  const words = readWords(stream.stderr)
  stream.exit.catch(() => undefined)
  const ended = stream.exit.then(code => {
    if (code === EXIT_SHORT) {
      throw new KubeError('STREAM_LOST', "The pod did not receive the step's script whole.")
    }
    // The command has no such end. A kubelet's connection that ends cleanly is a success for the API server.
    if (code === 0) throw new KubeError('STREAM_LOST', 'The connection ended before the pod took the script.')
    throw new HookError(
      'JOB_CONTAINER',
      `The step could not be started in the job container (exit code ${code}): ${words.text().trim() || 'its image needs sh, head, dd, cat, wc, mkdir, mv, rm and sleep'}.`
    )
  })
  ended.catch(() => undefined)
  const orphanSeconds = Math.ceil(step.orphanMs / 1000)
  try {
    await stream.write(`${step.id} ${offset} ${Buffer.byteLength(step.script)} ${orphanSeconds}\n`)
    await stream.write(step.script)
  } catch (error) {
    // The command is over, and its end says why.
    if (isKubeError(error, 'EXEC_FAILED')) await ended
    throw error
  }
  const timeout = new AbortController()
  const late = sleep(START_MS, undefined, { signal: timeout.signal }).then(() => {
    throw new KubeError('STREAM_LOST', `The pod did not take the step's script within ${START_MS / 1000} s.`)
  })
  late.catch(() => undefined)
  try {
    await Promise.race([words.started, ended, late])
  } finally {
    timeout.abort()
  }
  words.fault.catch((error: unknown) => stream.stdout.destroy(error as Error))
}

/** Reads what the follower says beside the output: that it started, or that the spool broke. */
function readWords(stderr: Readable): { started: Promise<void>; fault: Promise<never>; text(): string } {
  let text = ''
  let start: () => void
  let fail: (error: Error) => void
  const started = new Promise<void>(resolve => (start = resolve))
  const fault = new Promise<never>((_, reject) => (fail = reject))
  fault.catch(() => undefined)
  stderr.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4096)
    if (/^started$/m.test(text)) start()
    const broken = /^fault (.*)$/m.exec(text)
    if (broken?.[1] !== undefined) {
      fail(new HookError('SPOOL', `The step was ended because its log has no room: ${broken[1]}.`))
    }
    if (/^gone$/m.test(text)) {
      fail(new HookError('STEP_LOST', "The step's supervisor in the job container was killed before the step ended."))
    }
  })
  stderr.on('error', () => undefined)
  return { started, fault, text: () => text }
}
