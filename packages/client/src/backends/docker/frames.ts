import { Readable } from 'node:stream'

const HEAD = 8

/**
 * Takes the frames of an attached container apart: a byte for the stream, three that are nothing, four for the length (Engine
 * API, "Attach to a container"). Both streams come as one, in the order of their frames.
 */
export function unframed(stream: AsyncIterable<Buffer>): Readable {
  return Readable.from(contents(stream), { objectMode: false })
}

async function* contents(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0)
  let left = 0
  for await (const chunk of stream) {
    for (let rest = chunk; rest.length > 0;) {
      if (left === 0) {
        const taken = rest.subarray(0, HEAD - head.length)
        head = Buffer.concat([head, taken])
        rest = rest.subarray(taken.length)
        if (head.length < HEAD) break
        left = head.readUInt32BE(4)
        head = Buffer.alloc(0)
        continue
      }
      const content = rest.subarray(0, left)
      left -= content.length
      rest = rest.subarray(content.length)
      yield content
    }
  }
}
