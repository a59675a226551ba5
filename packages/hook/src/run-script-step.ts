import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, podProblem } from '@kaniko-hooks/kube'
import { v4 as uuid } from 'uuid'

import type { Call } from './call.js'
import { HookError } from './errors.js'
import { JOB_CONTAINER } from './pods/names.js'
import type { RunScriptStep } from './protocol/schema.js'
import { readRunner, workspaceOf } from './runner-pod.js'
import { readState } from './state.js'
import { splitArguments } from './steps/arguments.js'
import { runDetachedStep, signalStep, type OpenExec } from './steps/detached-step.js'
import { stepScript } from './steps/script.js'

/** The runner kills the hook 10 s after SIGINT; the step has these steps to end, in milliseconds after it. */
const ESCALATION = [
  { after: 0, signal: 'INT' },
  { after: 3000, signal: 'TERM' },
  { after: 5000, signal: 'KILL' }
] as const
const GIVE_UP_MS = 6200

/**
 * Runs a `run:` step or a JavaScript action in the job container.
 *
 * @returns the step's exit code; 128+n when a signal ended it
 */
export async function runScriptStep(call: Call, { args, state: given }: RunScriptStep): Promise<number> {
  const state = readState(given)
  if (state === undefined) {
    throw new HookError(
      'INPUT',
      'configuration',
      'There is no job container: prepare_job did not run, or another hook prepared this job.'
    )
  }
  const pod = state.jobPod
  const workspace = workspaceOf(call, await readRunner(call, state))
  const id = uuid()
  const script = stepScript(id, {
    command: [args.entryPoint, ...splitArguments(args.entryPointArgs.join(' '))],
    environment: args.environmentVariables,
    prependPath: args.prependPath,
    workingDirectory: args.workingDirectory ?? '/'
  })
  const openExec: OpenExec = (command, options) =>
    call.kube.exec({ pod, container: JOB_CONTAINER, command, stdin: true }, options)

  await workspace.beforeScript(pod, call.cancelled)
  const giveUp = new AbortController()
  const onCancel = (): void => void endStep(openExec, id, giveUp)
  call.cancelled.addEventListener('abort', onCancel, { once: true })
  if (call.cancelled.aborted) onCancel()
  try {
    const end = await runDetachedStep(
      {
        id,
        script,
        openExec,
        output: call.output,
        onResume: why => call.note(`The step's log is taken up again: ${why}`)
      },
      giveUp.signal
    )
    if (end === 'lost')
      throw new HookError('STEP_LOST', 'cluster', 'The process that watched over the step was killed.')
    return end
  } catch (error) {
    if (call.cancelled.aborted) return 130
    throw await explained(call, pod, error)
  } finally {
    call.cancelled.removeEventListener('abort', onCancel)
    giveUp.abort()
    if (!call.cancelled.aborted) await workspace.afterScript(pod)
  }
}

/** Passes a cancellation on to the step's processes: `always()` steps start as soon as the hook is gone. */
async function endStep(openExec: OpenExec, id: string, giveUp: AbortController): Promise<void> {
  const start = Date.now()
  for (const { after, signal } of ESCALATION) {
    await sleep(Math.max(0, after - (Date.now() - start)))
    if (giveUp.signal.aborted) return
    signalStep(openExec, id, signal).catch(() => undefined)
  }
  await sleep(Math.max(0, GIVE_UP_MS - (Date.now() - start)))
  giveUp.abort()
}

/** A step that was lost mostly says nothing itself; its pod knows whether memory, an eviction or somebody ended it. */
async function explained(call: Call, name: string, error: unknown): Promise<unknown> {
  const lost =
    (error instanceof HookError && error.code === 'STEP_LOST') ||
    isKubeError(error, 'EXEC_FAILED', 'NOT_FOUND', 'STREAM_LOST')
  if (!lost) return error
  try {
    const pod = await call.kube.get('pods', name)
    const problem = podProblem(pod)
    if (pod.metadata?.deletionTimestamp !== undefined) return ended(name, 'it is being deleted', error)
    if (problem !== undefined) return ended(name, `${problem.reason}: ${problem.message}`, error)
  } catch (reason) {
    if (isKubeError(reason, 'NOT_FOUND')) return ended(name, 'somebody deleted it', error)
  }
  return error
}

function ended(pod: string, why: string, cause: unknown): HookError {
  return new HookError('POD_FAILED', 'cluster', `The job pod ${pod} ended while the step ran: ${why}.`, { cause })
}
