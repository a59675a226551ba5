import { randomUUID as uuid } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'
import { isKubeError, podProblem } from '@kaniko-hooks/kube'

import { answerRequests } from './broker/answer-requests.js'
import { engineOf } from './images/engine.js'
import type { Call } from './job/call.js'
import { describe, HookError } from './report/errors.js'
import { maskOwnToken } from './job/mask-credentials.js'
import { refuseLongStrings, sizeHint } from './pods/long-strings.js'
import { JOB_CONTAINER } from './pods/names.js'
import type { RunScriptStep } from './protocol/schema.js'
import { errorCommand } from './report/workflow-commands.js'
import { openJob } from './job/open-job.js'
import { milliseconds } from './settings/duration.js'
import { readState } from './job/state.js'
import { splitArguments } from './pods/arguments.js'
import { tellEndedServices } from './services/ended.js'
import { runDetachedStep, signalStep, type OpenExec } from './steps/detached-step.js'
import { missingProgram } from './steps/missing-program.js'
import { KILLED, memoryHint } from './steps/out-of-memory.js'
import { stepScript } from './steps/script.js'
import { LAUNCH_COMMAND } from './steps/supervisor.js'
import { WORK_TARGET } from './workspace/mounts.js'
import type { Workspace } from './workspace/workspace.js'

/** The runner kills the hook 10 s after SIGINT; the step has these steps to end, in milliseconds after it. */
const ESCALATION = [
  { after: 0, signal: 'INT' },
  { after: 3000, signal: 'TERM' },
  { after: 5000, signal: 'KILL' }
] as const
const GIVE_UP_MS = 6200
/** Until then the files of a cancelled step are brought back: `always()` steps may ask for its outputs. */
const GONE_MS = 8500
/** 128+n of SIGINT, which is sent first. */
const INTERRUPTED = 130
const SIGNAL_TRIES = 10
const SIGNAL_PAUSE_MS = 150

/** A shell's exit code for a program that is there and cannot be started. */
const CANNOT_START = 126

/** How often a pod is looked at for the reason of a step's end, and how long apart. */
const STATUS_LOOKS = 8
const STATUS_PAUSE_MS = 500
const STATUS_LIMIT_MS = 10_000

/** For ending a step that is given up. */
const KILL_LIMIT_MS = 10_000

/**
 * Runs a `run:` step or a JavaScript action in the job container, and builds what it asks for meanwhile.
 *
 * @param openEngine gives the engine that builds
 * @returns the step's exit code; 128+n when a signal ended it
 */
export async function runScriptStep(
  call: Call,
  { args, state: given }: RunScriptStep,
  openEngine: typeof engineOf = engineOf
): Promise<number> {
  const state = readState(given, call.settings.runnerPod)
  if (state === undefined) {
    throw new HookError(
      'INPUT',
      'There is no job container: prepare_job did not run, or another hook prepared this job.',
      { fault: 'configuration' }
    )
  }
  await maskOwnToken(call, state.masked)
  const { workspace } = await openJob(call, state)
  try {
    const code = await runInJob(call, args, { pod: state.jobPod, workspace, openEngine })
    if (code !== 0 && state.hasServices === true) await tellEndedServices(call)
    return code
  } finally {
    workspace.close()
  }
}

interface Place {
  readonly pod: string
  readonly workspace: Workspace
  readonly openEngine: typeof engineOf
}

async function runInJob(call: Call, args: RunScriptStep['args'], place: Place): Promise<number> {
  const { pod, workspace, openEngine } = place
  const command = [args.entryPoint, ...splitArguments(args.entryPointArgs.join(' '))]
  try {
    refuseLongStrings(args.environmentVariables, command)
  } catch (error) {
    call.print(errorCommand(describe(error)))
    return CANNOT_START
  }
  const id = uuid()
  const step = {
    command,
    environment: args.environmentVariables,
    prependPath: args.prependPath,
    workingDirectory: args.workingDirectory ?? '/'
  }
  const script = stepScript(id, step)
  const openExec: OpenExec = (command, options) =>
    call.kube.exec({ pod, container: JOB_CONTAINER, command, stdin: true }, options)

  const isCancelled = (): boolean => call.cancelled.aborted
  const giveUp = new AbortController()
  // A connection takes as long to open as some files take to be sent.
  const opened = openExec(LAUNCH_COMMAND, { signal: giveUp.signal })
  opened.catch(() => undefined)
  try {
    await workspace.beforeScript(pod, call.cancelled)
  } catch (error) {
    giveUp.abort()
    throw error
  }
  if (isCancelled()) {
    giveUp.abort()
    return 130
  }
  const gone = new AbortController()
  const onCancel = (): void => {
    setTimeout(() => gone.abort(), GONE_MS).unref()
    void endStep(openExec, id, giveUp)
  }
  call.cancelled.addEventListener('abort', onCancel, { once: true })
  const broughtBack = async (code: number): Promise<number> => {
    await workspace.afterScript(pod, gone.signal).catch((error: unknown) => {
      if (!isCancelled()) throw error
    })
    return code
  }
  const paths = [[WORK_TARGET, call.workDirectory] as const]
  const requests = answerRequests(call, { pod, workspace, paths }, openEngine)
  let end: number
  try {
    const result = await runDetachedStep(
      {
        id,
        script,
        opened,
        openExec,
        awaitNode: signal => call.kube.awaitNode({ pod, container: JOB_CONTAINER }, signal && { signal }),
        output: call.output,
        orphanMs: milliseconds(call.settings.steps.orphanTimeout),
        onResume: why => call.note(`The step's log is taken up again: ${why}`)
      },
      giveUp.signal
    ).finally(async () => requests.close())
    if (result === 'lost') {
      throw new HookError('STEP_LOST', 'The process that watched over the step was killed.')
    }
    end = typeof result === 'number' ? result : reportOrphan(call, result.orphanedWith)
  } catch (error) {
    if (isCancelled()) return await broughtBack(130)
    const isEnded = await killStep(openExec, id)
    const cause = await explainFailure(call, pod, error, isEnded)
    // A container in which no command can be run has no files to give, and was waited for long enough.
    if (!isEnded) throw cause
    // What the step wrote until then is worth having, but not worth a failure that hides this one.
    await workspace.afterScript(pod, gone.signal).catch(() => undefined)
    throw cause
  } finally {
    giveUp.abort()
  }
  if (isCancelled()) return broughtBack(end)
  if (end === KILLED) {
    const hint = await memoryHint(call.kube, pod)
    if (hint !== undefined) call.print(errorCommand(hint))
  }
  const hint =
    (end === CANNOT_START ? sizeHint(args.environmentVariables, command) : undefined) ??
    (await missingProgram(call.kube, pod, step, end))
  if (hint !== undefined) call.print(errorCommand(hint))
  return broughtBack(end)
}

/** Tells that the pod ended the step by itself. A step that a signal ended did not do its work, whatever its trap says. */
function reportOrphan(call: Call, code: number): number {
  const { orphanTimeout } = call.settings.steps
  const sentence =
    `The step was ended: the connection to its container was away for longer than ${orphanTimeout}, as when its runner is ` +
    'gone. What it printed until then is above. The setting steps.orphanTimeout says how long a step goes on unwatched.'
  call.print(errorCommand(describe(new HookError('STEP_LOST', sentence))))
  return code === 0 ? INTERRUPTED : code
}

/** Passes a cancellation on to the step's processes: `always()` steps start as soon as the hook is gone. */
async function endStep(openExec: OpenExec, id: string, giveUp: AbortController): Promise<void> {
  const start = Date.now()
  for (const { after, signal } of ESCALATION) {
    await untilOver(after - (Date.now() - start), giveUp.signal)
    if (giveUp.signal.aborted) return
    void deliverSignal(openExec, id, signal, giveUp.signal)
  }
  await untilOver(GIVE_UP_MS - (Date.now() - start), giveUp.signal)
  giveUp.abort()
}

/** A step that has ended keeps nobody waiting. */
async function untilOver(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined)
}

/** Signals the step, again and again until it is there: it may just be starting. */
async function deliverSignal(
  openExec: OpenExec,
  id: string,
  signal: (typeof ESCALATION)[number]['signal'],
  giveUp: AbortSignal
): Promise<void> {
  for (let tries = 0; tries < SIGNAL_TRIES && !giveUp.aborted; tries += 1) {
    if (await signalStep(openExec, id, signal).catch(() => false)) return
    await sleep(SIGNAL_PAUSE_MS)
  }
}

/**
 * Ends a step that is given up, as far as its container can be reached: `always()` steps start as soon as the hook is
 * gone.
 *
 * @returns whether its container could be asked; a step that has ended already is as good
 */
async function killStep(openExec: OpenExec, id: string): Promise<boolean> {
  return signalStep(openExec, id, 'KILL', AbortSignal.timeout(KILL_LIMIT_MS)).then(
    () => true,
    () => false
  )
}

/** A step that was lost mostly says nothing itself; its pod knows whether memory, an eviction or somebody ended it. */
async function explainFailure(call: Call, name: string, error: unknown, isEnded: boolean): Promise<unknown> {
  const watcherLost = error instanceof HookError && error.code === 'STEP_LOST'
  // Whatever the API said: a container that has ended gives all sorts of answers to an exec.
  if (!watcherLost && !isKubeError(error)) return error
  // The kubelet takes a moment to tell that a container has ended.
  const looks = watcherLost ? 1 : STATUS_LOOKS
  const signal = AbortSignal.timeout(STATUS_LIMIT_MS)
  for (let look = 1; look <= looks; look += 1) {
    if (look > 1) await sleep(STATUS_PAUSE_MS)
    try {
      const why = whyEnded(await call.kube.get('pods', name, { signal }))
      if (why !== undefined) return endedError(name, why, error)
    } catch (reason) {
      if (isKubeError(reason, 'NOT_FOUND')) return endedError(name, 'somebody deleted it', error)
      break
    }
  }
  if (isEnded) return error
  const message = `${error.message} The step could not be ended: it may go on in pod ${name}.`
  return new HookError('STEP_LOST', message, { cause: error })
}

function whyEnded(pod: V1Pod): string | undefined {
  const problem = podProblem(pod)
  if (problem !== undefined) return `${problem.reason}: ${problem.message}`
  const job = pod.status?.containerStatuses?.find(status => status.name === JOB_CONTAINER)?.state?.terminated
  if (job === undefined) return undefined
  const said = job.message === undefined || job.message === '' ? '' : `: ${job.message}`
  return `its container "${JOB_CONTAINER}" ended with exit code ${job.exitCode} (${job.reason ?? 'no reason'}${said})`
}

function endedError(pod: string, why: string, cause: unknown): HookError {
  return new HookError('POD_FAILED', `The job pod ${pod} ended while the step ran: ${why}.`, { cause })
}
