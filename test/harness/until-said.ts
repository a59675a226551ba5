import type { Readable } from 'node:stream'

import { LineSplitter } from '../stand-ins/runner/lines.js'

/**
 * Waits until a program has said a line with this end, wherever a pipe cuts it.
 *
 * @throws when its output ends before
 */
export async function untilSaid(output: Readable | null, words: string): Promise<void> {
  const lines = new LineSplitter()
  await new Promise<void>((resolve, reject) => {
    output?.on('data', (chunk: Buffer) => {
      if (lines.push(chunk).some(line => line.endsWith(words))) resolve()
    })
    output?.on('end', () => reject(new Error(`"${words}" was not said`)))
  })
}
