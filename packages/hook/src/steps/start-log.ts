import { isKubeError, type Kube } from '@kaniko-hooks/kube'

import { quotedLines, type Line } from '../report/workflow-commands.js'
import { readLogEnd } from './log-end.js'

const LAST_LINES = 50
const LIMIT_MS = 15_000

/**
 * Prints the last words of a container that failed before its pod could be used: an init container or a sidecar, of the template
 * or of a webhook. The pod is about to go.
 *
 * @param error what waiting for the pod threw; nothing is printed when it is about something else
 */
export async function printStartLog(kube: Kube, print: Line, pod: string, error: unknown): Promise<void> {
  if (!isKubeError(error, 'POD_FAILED') || error.problem?.logTells !== true) return
  const { container = '' } = error.problem
  const said = await readLogEnd(kube, { pod, container }, LAST_LINES, AbortSignal.timeout(LIMIT_MS))
  if (said.length > 0) await quotedLines(`Log of container ${container}`, print, said)
}
