import { setTimeout as sleep } from 'node:timers/promises'

import { messageOf } from '../report/errors.js'
import { printFirst } from '../report/print-first.js'
import { errorCommand, warningCommand, type Line } from '../report/workflow-commands.js'
import { writeResponse, type Response } from '../protocol/response.js'
import { endWorker } from './runner-worker.js'
import { guardWork, type Finding } from '../workspace/guard.js'

/** What could not be made safe is tried once more after so long, and its reason reaches the log meanwhile. */
const BEFORE_KILL_MS = 2_000

const isOpen = ({ kind }: Finding): boolean => kind === 'open'

/** The runner goes on to read after any exit code, once the hook has ended. */
async function endUnlessSafe({
  workDirectory,
  print
}: {
  readonly workDirectory: string
  readonly print: Line
}): Promise<void> {
  print(errorCommand("The runner's worker is ended, since it would read what the step put there."))
  await sleep(BEFORE_KILL_MS)
  if (guardWork(workDirectory).some(isOpen)) endWorker()
}

/**
 * The last that a call does, whatever became of it: makes safe what the runner reads next, and writes the answer.
 *
 * @param exitCode what the call came to; the runner reads the answer only after 0
 * @returns the exit code; 1 in place of 0 when the runner does not get what the step wrote for it
 */
export async function handOver(
  call: { readonly workDirectory: string; readonly responseFile: string; readonly print: Line },
  exitCode: number,
  response: Response | undefined
): Promise<number> {
  const findings = guardWork(call.workDirectory)
  printFirst(
    call.print,
    findings.map(({ kind, sentence }) => (kind === 'replaced' ? warningCommand : errorCommand)(sentence))
  )
  if (findings.some(isOpen)) await endUnlessSafe(call)
  if (exitCode !== 0) return exitCode
  if (findings.some(({ kind }) => kind !== 'replaced')) return 1
  try {
    writeResponse(call.workDirectory, call.responseFile, response)
    return 0
  } catch (error) {
    // A step that took the directory away has left no answer there either, and the runner reads none.
    if (response === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    call.print(errorCommand(`The answer to the runner could not be written: ${messageOf(error)}`))
    return 1
  }
}
