import type { Writable } from 'node:stream'

/** Waits until an output that was full takes more, or is over, which its `destroyed` tells. */
export async function room(output: Writable): Promise<void> {
  if (output.destroyed) return
  await new Promise<void>(resolve => {
    const go = (): void => {
      output.off('drain', go).off('close', go)
      resolve()
    }
    output.on('drain', go).on('close', go)
  })
}
