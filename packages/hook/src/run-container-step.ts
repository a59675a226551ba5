import { join } from 'node:path'

import { isKubeError, untilAccepted } from '@kaniko-hooks/kube'

import { answerRequests, mailboxVariable } from './broker/answer-requests.js'
import type { Call } from './job/call.js'
import { HookError, messageOf } from './report/errors.js'
import { engineOf } from './images/engine.js'
import { provideImage, type PullableImage } from './images/provide-image.js'
import { removeImages } from './images/records/remove-images.js'
import { maskCredentials, maskOwnToken } from './job/mask-credentials.js'
import type { ContainerOptions } from './options/container-options.js'
import { takeContainerOptions } from './options/take.js'
import { buildTemplate } from './pods/build-template.js'
import type { PodParts } from './pods/pod-parts.js'
import { secretName, stepName } from './pods/names.js'
import { createSecrets, pullSecret, pullSecrets, secretEnvironment } from './pods/secrets.js'
import { stepPod } from './pods/step-pod.js'
import { applyTemplate, readTemplate, type Template } from './pods/template.js'
import type { ContainerArgs, RunContainerStep } from './protocol/schema.js'
import { AnnotationPaths, type PathMap } from './report/annotation-paths.js'
import { errorCommand, warningCommand } from './report/workflow-commands.js'
import { tellEndedServices } from './services/ended.js'
import { aliasesOf } from './services/pods.js'
import { REMOVAL } from './steps/removal.js'
import { openJob, type Job } from './job/open-job.js'
import { seconds } from './report/seconds.js'
import { readState, type State } from './job/state.js'
import { endContainer } from './steps/end-container.js'
import { printStartLog } from './steps/start-log.js'
import { Patience } from './steps/patience.js'
import { runTime } from './steps/run-time.js'
import { refusedProgram, startFailure } from './steps/start-failure.js'
import {
  deleteStep,
  followStep,
  startStep,
  waitForStart,
  waitUntilGone,
  type Started,
  type StepEnd,
  type StepRun
} from './steps/step-container.js'
import { belowWork, WORK_TARGET } from './workspace/mounts.js'
import type { Travelled, Workspace } from './workspace/workspace.js'

/** As a shell says of a program that was interrupted: whatever a cancelled step did, it is no success. */
const CANCELLED = 130

/** For a cancelled step, in milliseconds after SIGINT: until its files may come back, and until its pod may be there. */
const FILES_MS = 7_000
const OVER_MS = 8_800
/** For the request that removes a pod by force. */
const FORCE_MS = 400

/** A transfer of files that took less is not worth a line. */
const TOLD_MS = 1_000

/**
 * Runs a container action or a `docker://` step: builds its image when it has a Dockerfile, starts its pod, follows its
 * log, brings its files back, and removes the pod.
 *
 * @param openEngine gives the engine that builds
 * @returns the container's exit code
 */
export async function runContainerStep(
  call: Call,
  { args: asked, state: given }: RunContainerStep,
  openEngine: typeof engineOf = engineOf
): Promise<number> {
  const { args, options } = takeContainerOptions(call, asked, "the step's container")
  const template = await readTemplate(call.environment.templatePath)
  const state = readState(given, call.settings.runnerPod)
  if (state?.polls === true) call.kube.pollPods()
  // The runner's pod is asked again: a state that a job could have written must not choose the volume of the step's pod.
  const job = await openJob(call)

  await maskOwnToken(call, state?.masked)
  maskCredentials(call, args.registry)
  // A volume that a pod cannot have is refused before anything is built.
  const parts = job.workspace.stepParts({ system: args.systemMountVolumes, user: args.userMountVolumes })
  try {
    const image = await imageOf(call, job, args, template, openEngine)
    const code = await runImage(call, { args, options, state, job, parts, template, image, openEngine })
    if (code !== 0 && state?.hasServices === true) await tellEndedServices(call)
    return code
  } finally {
    job.workspace.close()
    // Without a job container the runner never calls cleanup_job: what is built goes with its step.
    if (state === undefined && args.dockerfile !== null) {
      for (const problem of await removeImages(call)) call.print(warningCommand(`Clean-up: ${problem}`))
    }
  }
}

interface Step {
  readonly args: ContainerArgs
  readonly options: ContainerOptions
  readonly state: State | undefined
  readonly job: Job
  readonly parts: PodParts
  readonly template: Template | undefined
  readonly image: PullableImage
  readonly openEngine: typeof engineOf
}

/** Runs an image that is where the kubelet can pull it, and removes all that this needed. */
async function runImage(call: Call, step: Step): Promise<number> {
  const { args, options, state, job, parts, template, image, openEngine } = step
  const { kube, settings, cancelled } = call
  const { runner, owner, workspace } = job
  const name = stepName(settings.runnerPod)
  const environment = secretEnvironment(owner, secretName(settings.runnerPod), [
    { ...mailboxOf(call, args.systemMountVolumes), ...args.environmentVariables }
  ])
  const ownPull = await image.pullConfig?.()
  const credentials = [
    ...pullSecrets(owner, [args.registry]),
    ...(ownPull === undefined ? [] : [pullSecret(owner, ownPull)])
  ]
  const pod = applyTemplate(
    stepPod({
      owner,
      name,
      image: image.pullRef,
      args,
      options,
      variables: environment.variables[0] ?? [],
      parts,
      pullSecrets: [
        ...runner.pullSecrets,
        ...image.pullSecrets,
        ...(state?.pullSecrets ?? []),
        ...credentials.flatMap(({ metadata }) => metadata?.name ?? [])
      ],
      pullPolicy: settings.imagePullPolicy,
      hostAliases: aliasesOf(state?.hosts ?? [])
    }),
    template,
    'step'
  )
  const secrets = [environment.secret, ...credentials]
  const patience = new Patience(cancelled, OVER_MS)

  let run: StepRun | undefined
  let isPodOver = false
  try {
    const start = Date.now()
    workspace.openStep()
    await createSecrets(kube, secrets, cancelled)
    const begin = async (): Promise<{ made: StepRun; sent: Travelled; started: Started }> => {
      const made = (run = await startStep(kube, owner, name, pod, parts.beside.length > 0, cancelled))
      const hasOwnAddress = pod.spec?.hostNetwork !== true
      const sent = await workspace.fillStep({ name: made.pod, hasOwnAddress }, cancelled)
      const filled = performance.now()
      tellSent(call, sent)
      const started = await waitForStart(kube, made, {
        ...(parts.beside.length === 0 ? {} : { filled }),
        timeoutMs: settings.prepareTimeoutMs,
        signal: cancelled,
        print: call.print
      })
      return { made, sent, started }
    }
    const { made, sent, started } = await untilAccepted(begin, {
      remove: async () => {
        if (run !== undefined) await waitUntilGone(kube, await deleteStep(kube, run, { graceSeconds: 0 }), cancelled)
      },
      onRejected: call.print,
      signal: cancelled
    })
    run = made
    workspace.attendStep()
    const running = Date.now()
    const startMs = running - start - sent.ms
    call.phase('start', startMs)
    call.print(
      `${started.hasEnded ? 'Pulled, started and ran' : 'Pulled and started'} in ${seconds(startMs)}: ${image.pullRef}`
    )
    const shared = pathsOf(call.workDirectory, args.systemMountVolumes)
    const requests = answerRequests(call, { pod: made.pod, workspace, paths: shared }, openEngine)
    const paths = new AnnotationPaths(shared)
    const { end, onlyLine } = await followContainer(call, run, { started, paths, patience }).finally(async () =>
      requests.close()
    )
    const { result } = end
    ;({ isPodOver } = end)
    call.phase('run', end.loggedAt - running)
    if (!started.hasEnded) call.print(`Ran in ${runTime(end.loggedAt - running, end.state)}`)
    if (result.trustworthy) {
      await collectFiles(workspace, run, patience)
      const advice = result.exitCode === 0 || onlyLine === undefined ? undefined : refusedProgram(onlyLine)
      if (advice !== undefined) call.print(errorCommand(advice))
      return cancelled.aborted ? CANCELLED : result.exitCode
    }
    // Its pod is being deleted, and who would send its files too.
    if (cancelled.aborted) return CANCELLED
    // Its files are worth having, but not worth a failure that hides this one.
    await collectFiles(workspace, run, patience).catch(() => undefined)
    const why = result.why ?? result.reason ?? 'Its pod was disturbed.'
    if (result.exitCode === 0) throw new HookError('POD_FAILED', `The step did not succeed. ${why}`)
    call.print(errorCommand(why))
    return result.exitCode
  } catch (error) {
    if (cancelled.aborted) return CANCELLED
    const failure = startFailure(error, args.workingDirectory)
    if (failure === undefined) {
      if (run !== undefined) await printStartLog(kube, call.print, run.pod, error)
      throw explainVanishedPod(error, run)
    }
    call.print(errorCommand(failure.message))
    return failure.exitCode
  } finally {
    const names = secrets.map(({ metadata }) => metadata?.name ?? '')
    await removeStep(call, run, { secrets: names, isPodOver }, patience)
  }
}

/** Follows the container to its end. When the runner cancels the step, the container is ended, and its last words are printed. */
async function followContainer(
  call: Call,
  run: StepRun,
  {
    started,
    paths,
    patience
  }: { readonly started: Started; readonly paths: AnnotationPaths; readonly patience: Patience }
): Promise<{ readonly end: StepEnd; readonly onlyLine: string | undefined }> {
  const { kube, cancelled, print } = call
  const ended = new AbortController()
  const onCancel = (): void => {
    void endContainer(kube, run, {
      isFirstProcess: started.isFirstProcess,
      patience,
      ended: ended.signal,
      print
    }).catch((error: unknown) => {
      call.note(messageOf(error))
    })
  }
  const lines: string[] = []
  const output = async (line: string): Promise<void> => {
    if (lines.length < 2) lines.push(line)
    await call.output(paths.translate(line))
  }
  if (cancelled.aborted) onCancel()
  else cancelled.addEventListener('abort', onCancel, { once: true })
  try {
    const end = await followStep(kube, run.pod, output, {
      isAlone: started.isAlone,
      cancelled,
      signal: patience.over,
      // The end of a pod that is deleted cannot be checked, and nobody disturbed it.
      onGap: sentence => (cancelled.aborted ? call.note(sentence) : print(warningCommand(sentence)))
    })
    return { end, onlyLine: lines.length === 1 ? lines[0]?.trimEnd() : undefined }
  } finally {
    cancelled.removeEventListener('abort', onCancel)
    ended.abort()
  }
}

/** Brings back what the step wrote, as far as the runner still waits for it. */
async function collectFiles(workspace: Workspace, run: StepRun, patience: Patience): Promise<void> {
  if (await patience.allows(FILES_MS, workspace.collectStep(run.pod))) return
  throw new HookError('CANCELLED', 'The step was cancelled before its files were back.')
}

/** Where the paths of a step's container lie on the runner's disk. */
function pathsOf(workDirectory: string, volumes: ContainerArgs['systemMountVolumes']): PathMap {
  const mounted = volumes.flatMap(({ sourceVolumePath: source, targetVolumePath: target }) =>
    source === null || belowWork(workDirectory, source) === undefined ? [] : [[target, source] as const]
  )
  return [...mounted, [WORK_TARGET, workDirectory]]
}

/** The mailbox, where the step sees the runner's `_temp`. */
function mailboxOf(call: Call, volumes: ContainerArgs['systemMountVolumes']): Readonly<Record<string, string>> {
  const temp = volumes.find(({ sourceVolumePath: source }) => source === join(call.workDirectory, '_temp'))
  return temp === undefined ? {} : mailboxVariable(call, temp.targetVolumePath)
}

function tellSent(call: Call, { files, bytes, ms }: Travelled): void {
  if (ms === 0) return
  call.phase('files', ms)
  if (ms < TOLD_MS) return
  const count = `${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}`
  call.print(`Files sent in ${seconds(ms)} (${count}, ${Math.ceil(bytes / 1_000_000)} MB)`)
}

async function imageOf(
  call: Call,
  job: Job,
  { dockerfile, image }: ContainerArgs,
  template: Template | undefined,
  openEngine: typeof engineOf
): Promise<PullableImage> {
  if (dockerfile !== null && dockerfile !== '') {
    return provideImage(call, job, dockerfile, buildTemplate(template), openEngine)
  }
  if (image !== null && image !== '') return { pullRef: image, pullSecrets: [] }
  throw new HookError('INPUT', 'The step names neither an image nor a Dockerfile.')
}

/** A pod that vanishes under a running step was deleted by somebody: the step is not done, whatever its log said. */
function explainVanishedPod(error: unknown, run: StepRun | undefined): unknown {
  if (run === undefined || !isKubeError(error, 'NOT_FOUND')) return error
  return new HookError('POD_FAILED', `The step's pod ${run.pod} was deleted by somebody while it ran.`, {
    cause: error
  })
}

/**
 * Removes the step's objects; clean-up never hides the step's own result. What follows a cancelled step must not run beside
 * it: only then is its pod waited for, and removed by force at the end.
 */
async function removeStep(
  call: Call,
  run: StepRun | undefined,
  { secrets, isPodOver }: { readonly secrets: readonly string[]; readonly isPodOver: boolean },
  patience: Patience
): Promise<void> {
  const { kube, cancelled } = call
  const until = cancelled.aborted ? { signal: patience.over } : {}
  const remove = async (what: string, work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      call.print(warningCommand(`Clean-up after the step: ${what} may stay until the job ends: ${messageOf(error)}`))
    })
  }
  const made = run?.job === undefined ? `pod ${run?.pod}` : `pod ${run.pod} with Job ${run.job}`
  await Promise.all([
    run === undefined ? undefined : remove(made, deleteStep(kube, run, { isOver: isPodOver, ...until })),
    ...secrets.map(async name => remove(`Secret ${name}`, kube.delete('secrets', name, { ...REMOVAL, ...until })))
  ])
  if (!cancelled.aborted || run === undefined) return
  await waitUntilGone(kube, [run.pod], patience.over).catch(async () => {
    await deleteStep(kube, run, { graceSeconds: 0, signal: AbortSignal.timeout(FORCE_MS) }).catch((error: unknown) =>
      call.note(messageOf(error))
    )
  })
}
