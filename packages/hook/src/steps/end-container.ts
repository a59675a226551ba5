import { setTimeout as sleep } from 'node:timers/promises'

import type { Kube } from '@kaniko-hooks/kube'

import { JOB_CONTAINER } from '../pods/names.js'
import type { Line } from '../report/workflow-commands.js'
import type { Patience } from './patience.js'
import { deleteStep, type StepRun } from './step-container.js'
import { signalContainer, type Asked, type StopSignal } from './stop-signal.js'

/** When what happens to the container of a cancelled step, in milliseconds after SIGINT. */
const ANSWER_MS = 1_000
const UNTIL_MS: Readonly<Record<StopSignal, number>> = { INT: 4_500, TERM: 5_200 }
const KILLED_MS = 6_200
/** The kubelet tells within seconds that a container has ended. */
const TOLD_MS = 7_000

/**
 * Ends the container of a cancelled step as Docker would: its first process gets INT, or TERM where it does not notice
 * INT, and time to end by itself. What is not ended then gets TERM by the deletion of its pod, and is killed at the end
 * of the grace. A program that notices neither signal is not waited for.
 *
 * @param ended aborted when the container has ended
 * @param print told what was done
 */
export async function endContainer(
  kube: Kube,
  run: StepRun,
  options: {
    readonly isFirstProcess: boolean
    readonly patience: Patience
    readonly ended: AbortSignal
    readonly print: Line
  }
): Promise<void> {
  const { isFirstProcess, patience, ended, print } = options
  // Process 1 may be the node's own.
  const asked = isFirstProcess ? await askToEnd(kube, run.pod, patience, ended) : undefined
  const sent = asked?.sent
  let isOver = ended
  if (asked !== undefined && (sent === 'INT' || sent === 'TERM')) {
    print(`Cancelled: the container was sent SIG${sent}.`)
    isOver = AbortSignal.any([ended, asked.ended])
    await sleep(patience.left(UNTIL_MS[sent]), undefined, { signal: isOver }).catch(() => undefined)
  }
  // A pod that is deleted has nobody any more who would send its files. A program may also have killed all but itself.
  if (isOver.aborted) await sleep(patience.left(TOLD_MS), undefined, { signal: ended }).catch(() => undefined)
  if (ended.aborted) return
  if (sent === 'none') {
    print('Cancelled: the container notices neither SIGINT nor SIGTERM, so it is killed.')
    await deleteStep(kube, run, { signal: patience.over })
    return
  }
  const graceSeconds = Math.max(1, Math.floor(patience.left(KILLED_MS) / 1000))
  print(`Cancelled: the container is sent SIGTERM, and killed after ${graceSeconds} s.`)
  await deleteStep(kube, run, { graceSeconds, signal: patience.over })
}

/** Undefined when it could not be asked in time; it may still be then. */
async function askToEnd(kube: Kube, pod: string, patience: Patience, ended: AbortSignal): Promise<Asked | undefined> {
  let asked: Asked | undefined
  const until = AbortSignal.any([patience.over, ended])
  const asking = signalContainer(kube, { pod, container: JOB_CONTAINER }, until).then(answer => (asked = answer))
  await patience.allows(ANSWER_MS, asking).catch(() => undefined)
  return asked
}
