import type { PodProblem } from '@kaniko-hooks/kube'

import type { Line } from '../report/workflow-commands.js'

/** Prints why a pod does not start yet. The error that follows names what is fatal at once. */
export function printWaiting(print: Line, pod: string): (problem: PodProblem) => void {
  return problem => {
    if (problem.fatal !== 'now') print(`Pod ${pod} waits: ${problem.reason}: ${problem.message}`)
  }
}
