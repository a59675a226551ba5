import { isKubeError, type Kube } from '@kaniko-hooks/kube'

import { quotedLines, type Line } from '../report/workflow-commands.js'

const LAST_WORDS = { tailLines: 50, limitBytes: 64 * 1024 }
const LIMIT_MS = 15_000

/**
 * Prints the last words of an init container that failed: it is the template's or a webhook's, and its pod is about to go.
 *
 * @param error what waiting for the pod threw; nothing is printed when it is about something else
 */
export async function printInitLog(kube: Kube, print: Line, pod: string, error: unknown): Promise<void> {
  if (!isKubeError(error, 'POD_FAILED') || error.problem?.isInit !== true) return
  const { container = '' } = error.problem
  const pieces: Uint8Array[] = []
  try {
    const logs = kube.logs({ pod, container }, { ...LAST_WORDS, signal: AbortSignal.timeout(LIMIT_MS) })
    for await (const piece of logs) pieces.push(piece)
  } catch {
    // The error that follows says enough.
  }
  const said = Buffer.concat(pieces).toString().trimEnd()
  if (said === '') return
  await quotedLines(`Log of init container ${container}`, print, said.split('\n'))
}
