import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BuildError } from '@kaniko-hooks/builder'

/**
 * Reads so many bytes of a stream, or all of a shorter one, and gives them back as the beginning of what is left.
 *
 * @throws BuildError `CONTEXT_FAILED`, `ABORTED`
 */
export async function peek(
  content: NodeJS.ReadableStream,
  count: number,
  signal: AbortSignal | undefined
): Promise<{ readonly start: Buffer; readonly rest: PassThrough }> {
  const rest = new PassThrough()
  const chunks: Buffer[] = []
  let length = 0
  const flowing = pipeline(
    content,
    async function* (source: AsyncIterable<Buffer | string>) {
      for await (const chunk of source) yield Buffer.from(chunk)
    },
    rest,
    ...(signal === undefined ? [] : [{ signal }])
  )
  // Whoever reads the rest hears of it too.
  flowing.catch(() => undefined)
  const read = (): boolean => {
    for (let chunk = rest.read() as Buffer | null; chunk !== null; chunk = rest.read() as Buffer | null) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= count) return true
    }
    return rest.readableEnded || rest.destroyed
  }
  while (!read()) {
    await new Promise<void>(resolve => {
      for (const event of ['readable', 'end', 'close', 'error'] as const) rest.once(event, () => resolve())
    })
  }
  if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build context was being read')
  if (rest.errored !== null) {
    const why = `the build context on standard input cannot be used: ${rest.errored.message}`
    throw new BuildError('CONTEXT_FAILED', why, { cause: rest.errored })
  }
  const start = Buffer.concat(chunks)
  if (!rest.readableEnded) {
    rest.unshift(start)
    return { start: start.subarray(0, count), rest }
  }
  const whole = new PassThrough()
  whole.end(start)
  return { start: start.subarray(0, count), rest: whole }
}
