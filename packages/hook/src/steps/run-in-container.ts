import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type ExecStream, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'

/** What a short command in a container gave. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface CommandOptions {
  readonly signal?: AbortSignal
  /** Time after which a command that runs is given up, in milliseconds; default one minute: a busy node takes seconds. */
  readonly timeoutMs?: number
  /** For its standard input: words that audit logs must not record. */
  readonly input?: string
}

/** Of a command in a container whose node answers. */
const TRIES = 3
const TIMEOUT_MS = 60_000
/** All that the hook asks is answered in some lines. The program is the image's, and may print for ever. */
const OUTPUT_LIMIT = 256 * 1024

/**
 * Runs a short command that may be repeated, and collects its output. A lost connection is tried again.
 *
 * @param command constant words: audit logs record them
 * @throws HookError JOB_CONTAINER when the command takes too long or prints too much
 */
export async function runInContainer(
  kube: Pick<Kube, 'exec' | 'awaitNode'>,
  target: { readonly pod: string; readonly container: string },
  command: readonly string[],
  { signal, timeoutMs = TIMEOUT_MS, input }: CommandOptions = {}
): Promise<CommandResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const stdin = input !== undefined
      const stream = await kube.exec({ ...target, command, stdin }, { repeatable: true, ...(signal && { signal }) })
      return await collect(stream, timeoutMs, input)
    } catch (error) {
      if (error instanceof GivenUp) {
        const message = `${command[0] ?? 'A command'} in container ${target.container} of pod ${target.pod} ${error.message}`
        throw new HookError('JOB_CONTAINER', message, { cause: error })
      }
      const isRefused = isKubeError(error, 'EXEC_FAILED') && (error.status ?? 0) >= 500
      if ((!isKubeError(error, 'STREAM_LOST') && !isRefused) || attempt === TRIES) throw error
      // The node may be away, and then refuses whatever it is asked.
      if (isRefused) {
        await kube.awaitNode(target, signal && { signal }).catch((reason: unknown) => {
          throw isKubeError(reason, 'POD_FAILED') ? error : reason
        })
      }
      await sleep(200 * attempt)
    }
  }
}

/** The command runs, and is not waited for any longer. */
class GivenUp extends Error {}

async function collect(stream: ExecStream, timeoutMs: number, input: string | undefined): Promise<CommandResult> {
  const text = { stdout: '', stderr: '' }
  let giveUp: (why: string) => void = () => undefined
  const givenUp = new Promise<never>((_, reject) => (giveUp = why => reject(new GivenUp(why))))
  for (const name of ['stdout', 'stderr'] as const) {
    stream[name].on('data', (chunk: Buffer) => {
      if (text[name].length <= OUTPUT_LIMIT) text[name] += chunk.toString()
      else giveUp(`printed more than ${OUTPUT_LIMIT / 1024} KiB where some lines were expected. Is it the real one?`)
    })
  }
  const timer = setTimeout(() => {
    giveUp(`did not end within ${timeoutMs / 1000} s. Does the image's shell hang, or its node?`)
  }, timeoutMs)
  if (input !== undefined) {
    // A command that ends before it has read everything says so by its exit code.
    void stream.write(input).then(
      () => stream.end(),
      () => undefined
    )
  }
  try {
    const code = await Promise.race([givenUp, stream.exit])
    return { code, ...text }
  } finally {
    clearTimeout(timer)
    stream.close()
  }
}
