import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** The longest line that is kept whole; a longer one is cut into several. Kaniko writes a whole Dockerfile's RUN into one. */
const LONGEST_LINE = 8 * 1024 * 1024

/** Reads lines of a stream, without their ends, as they come; a last one without an end counts. */
export async function* readLines(stream: Readable): AsyncGenerator<string, undefined> {
  const decoder = new StringDecoder('utf8')
  let rest: string[] = []
  let length = 0
  for await (const chunk of stream) {
    const parts = decoder.write(chunk as Buffer).split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      yield withoutReturn(rest.join('') + part)
      rest = []
      length = 0
    }
    rest.push(last)
    length += last.length
    if (length > LONGEST_LINE) {
      yield rest.join('')
      rest = []
      length = 0
    }
  }
  const end = rest.join('') + decoder.end()
  if (end !== '') yield withoutReturn(end)
  return undefined
}

/** Where a terminal stands between, lines end with both. */
function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
