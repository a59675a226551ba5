import type { V1HostAlias } from '@kubernetes/client-node'
import { isKubeError } from '@kaniko-hooks/kube'

import type { Call } from './call.js'
import { HookError, messageOf } from './errors.js'
import { builtImage, type PullableImage } from './images/built-image.js'
import { removeImages } from './images/remove-images.js'
import { maskCredentials, maskOwnToken } from './mask-credentials.js'
import { buildTemplate } from './pods/build-template.js'
import { serviceAliases } from './pods/job-pod.js'
import { secretName, stepName } from './pods/names.js'
import { createSecrets, pullSecret, pullSecrets, secretEnvironment } from './pods/secrets.js'
import { stepPod } from './pods/step-pod.js'
import { applyTemplate, readTemplate, type Template } from './pods/template.js'
import type { ContainerArgs, RunContainerStep } from './protocol/schema.js'
import { errorCommand, warningCommand } from './protocol/workflow-commands.js'
import { ownerOf, readRunner, workspaceOf, type Runner } from './runner-pod.js'
import { seconds } from './seconds.js'
import { readState, type State } from './state.js'
import { deleteStep, followStep, startStep, waitForStart, type StepRun } from './steps/step-container.js'
import type { PodParts, Workspace } from './workspace/workspace.js'

/**
 * Runs a container action or a `docker://` step: builds its image when it has a Dockerfile, starts its pod, follows its
 * log, brings its files back, and removes the pod.
 *
 * @returns the container's exit code
 */
export async function runContainerStep(call: Call, { args, state: given }: RunContainerStep): Promise<number> {
  const template = await readTemplate(call.environment.templatePath)
  const state = readState(given, call.settings.runnerPod)
  // Asked again: a state that a job could have written must not choose the volume that the step's pod mounts.
  const runner = await readRunner(call)
  const workspace = workspaceOf(call, runner)

  await maskOwnToken(call, state?.masked)
  maskCredentials(call, args.registry)
  // A volume that a pod cannot have is refused before anything is built.
  const parts = workspace.stepParts({ system: args.systemMountVolumes, user: args.userMountVolumes })
  if (args.createOptions) call.print(warningCommand(`The container's options are ignored: ${args.createOptions}`))
  try {
    const image = await imageOf(call, runner, args, template)
    return await runImage(call, { args, state, runner, workspace, parts, template, image })
  } finally {
    // Without a job container the runner never calls cleanup_job: what is built goes with its step.
    if (state === undefined && args.dockerfile !== null) {
      for (const problem of await removeImages(call)) call.print(warningCommand(`Clean-up: ${problem}`))
    }
  }
}

interface Step {
  readonly args: ContainerArgs
  readonly state: State | undefined
  readonly runner: Runner
  readonly workspace: Workspace
  readonly parts: PodParts
  readonly template: Template | undefined
  readonly image: PullableImage
}

/** Runs an image that is where the kubelet can pull it, and removes all that this needed. */
async function runImage(call: Call, { args, state, runner, workspace, parts, template, image }: Step): Promise<number> {
  const { kube, settings, cancelled } = call
  const owner = ownerOf(call, runner)
  const name = stepName(settings.runnerPod)
  const environment = secretEnvironment(owner, secretName(settings.runnerPod), [args.environmentVariables])
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
      variables: environment.variables[0] ?? [],
      parts,
      pullSecrets: [
        ...runner.pullSecrets,
        ...image.pullSecrets,
        ...(state?.pullSecrets ?? []),
        ...credentials.flatMap(({ metadata }) => metadata?.name ?? [])
      ],
      pullPolicy: settings.imagePullPolicy,
      hostAliases: servicesOf(state)
    }),
    template,
    'step'
  )
  const secrets = [environment.secret, ...credentials]

  let run: StepRun | undefined
  try {
    const start = Date.now()
    await createSecrets(kube, secrets, cancelled)
    run = await startStep(kube, owner, name, pod, parts.beside.length > 0, cancelled)
    await workspace.fillStep(run.pod, cancelled)
    await waitForStart(kube, run.pod, {
      timeoutMs: settings.prepareTimeoutMs,
      signal: cancelled,
      print: call.print
    })
    const running = Date.now()
    call.phase('start', running - start)
    call.print(`Pulled and started in ${seconds(running - start)}: ${image.pullRef}`)
    const { result, loggedAt } = await followStep(kube, run.pod, call.output, {
      signal: cancelled,
      onGap: sentence => call.print(warningCommand(sentence))
    })
    call.phase('run', loggedAt - running)
    call.print(`Ran in ${seconds(loggedAt - running)}`)
    if (result.trustworthy) {
      await workspace.collectStep(run.pod)
      return result.exitCode
    }
    // Its files are worth having, but not worth a failure that hides this one.
    await workspace.collectStep(run.pod).catch(() => undefined)
    const why = result.why ?? result.reason ?? 'Its pod was disturbed.'
    if (result.exitCode === 0) throw new HookError('POD_FAILED', 'cluster', `The step did not succeed. ${why}`)
    call.print(errorCommand(why))
    return result.exitCode
  } catch (error) {
    if (cancelled.aborted) return 130
    throw disturbed(error, run)
  } finally {
    await removed(
      call,
      run,
      secrets.map(({ metadata }) => metadata?.name ?? '')
    )
  }
}

function servicesOf(state: State | undefined): V1HostAlias[] {
  const { ip, names } = state?.services ?? { ip: '', names: [] }
  return serviceAliases(
    ip,
    names.map(name => ({ name }))
  )
}

async function imageOf(
  call: Call,
  runner: Runner,
  { dockerfile, image }: ContainerArgs,
  template: Template | undefined
): Promise<PullableImage> {
  if (dockerfile !== null && dockerfile !== '') {
    return builtImage(call, runner, dockerfile, buildTemplate(template))
  }
  if (image !== null && image !== '') return { pullRef: image, pullSecrets: [] }
  throw new HookError('INPUT', 'user', 'The step names neither an image nor a Dockerfile.')
}

/** A pod that vanishes under a running step was deleted by somebody: the step is not done, whatever its log said. */
function disturbed(error: unknown, run: StepRun | undefined): unknown {
  if (run === undefined || !isKubeError(error, 'NOT_FOUND')) return error
  return new HookError('POD_FAILED', 'cluster', `The step's pod ${run.pod} was deleted by somebody while it ran.`, {
    cause: error
  })
}

/** Clean-up never hides the step's own result. */
async function removed(call: Call, run: StepRun | undefined, secrets: readonly string[]): Promise<void> {
  const results = await Promise.allSettled([
    run === undefined ? undefined : deleteStep(call.kube, run),
    ...secrets.map(async name => call.kube.delete('secrets', name))
  ])
  for (const result of results) {
    if (result.status === 'rejected') call.print(warningCommand(`Clean-up after the step: ${messageOf(result.reason)}`))
  }
}
