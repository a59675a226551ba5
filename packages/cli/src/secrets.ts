import { constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'

import type { BuildSecret } from '@kaniko-hooks/client'

import { variableOf } from './environment.js'
import { untilInterrupted } from './interrupted.js'
import type { SecretSource } from './plan.js'

/** What RUN lines read into a variable, or a key; BuildKit has the same limit (`secretsprovider`, MaxSecretSize). */
const MAX_BYTES = 500 * 1024

/**
 * Reads the values of secrets.
 *
 * @param signal a pipe is waited for until somebody writes, or this is aborted
 * @returns the secrets, or what is wrong with all that cannot be read, without their values
 */
export async function readSecrets(
  sources: readonly SecretSource[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal
): Promise<{ readonly secrets: readonly BuildSecret[]; readonly problems: readonly string[] }> {
  const problems: string[] = []
  const secrets: BuildSecret[] = []
  for (const { id, from } of sources) {
    const wrong = (why: string): void => void problems.push(`--secret id=${id}: ${why}.`)
    if ('variable' in from) {
      const text = variableOf(env, from.variable)
      if (text === undefined) wrong(`the variable ${from.variable} is not set`)
      else secrets.push({ id, value: Buffer.from(text) })
      continue
    }
    try {
      const value = await untilInterrupted(readBounded(from.file), signal)
      if (value.length > MAX_BYTES) wrong(`the file ${from.file} is longer than ${MAX_BYTES} bytes`)
      else secrets.push({ id, value })
    } catch (error) {
      if (signal.aborted) throw error
      wrong(`the file ${from.file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`)
    }
  }
  return { secrets, problems }
}

/**
 * A file or a pipe, to its end or a little beyond the limit. Nothing waits in a thread, which would keep the process after an
 * interruption until somebody writes to the pipe.
 */
async function readBounded(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const isPipe = fstatSync(fd).isFIFO()
  for await (const chunk of isPipe
    ? new Socket({ fd, readable: true, writable: false })
    : createReadStream(path, { fd })) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > MAX_BYTES) break
  }
  return Buffer.concat(chunks)
}
