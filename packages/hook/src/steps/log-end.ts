import type { Kube } from '@kaniko-hooks/kube'

import { messageOf } from '../report/errors.js'

/** More is not kept of any log: what a container prints is part of the job's log. */
const KEPT_BYTES = 256 * 1024
/** More is not read: a container may have printed one line without an end. The server counts from the first line asked for. */
const READ_BYTES = 4 * 1024 * 1024
const LEFT_OUT = '[… left out here: the log is longer than what is shown of it]'

/**
 * Reads the end of a container's log: at most so many lines, and of these the last 256 KiB. A line says where something is
 * missing.
 *
 * @param signal ends it
 * @returns lines without their ends; of a log that cannot be read, why
 */
export async function readLogEnd(
  kube: Kube,
  { pod, container }: { readonly pod: string; readonly container: string },
  tailLines: number,
  signal: AbortSignal
): Promise<string[]> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of kube.logs({ pod, container }, { tailLines, limitBytes: READ_BYTES, signal })) {
      pieces.push(piece)
    }
  } catch (error) {
    return [messageOf(error)]
  }
  const all = Buffer.concat(pieces)
  const text = all.subarray(-KEPT_BYTES).toString().trimEnd()
  const lines = text === '' ? [] : text.split('\n')
  return [
    ...(all.length > KEPT_BYTES ? [LEFT_OUT, ...(lines.length > 1 ? lines.slice(1) : lines)] : lines),
    ...(all.length >= READ_BYTES ? [LEFT_OUT] : [])
  ]
}
