import { waitForPod } from '@kaniko-hooks/kube'

import type { Call } from './job/call.js'
import { HookError } from './report/errors.js'
import { removeImages } from './images/records/remove-images.js'
import { maskCredentials, maskOwnToken } from './job/mask-credentials.js'
import { deleteOwned } from './job/owned-objects.js'
import { buildTemplate } from './pods/build-template.js'
import { jobPod, portAnswer } from './pods/job-pod.js'
import type { PodParts } from './pods/pod-parts.js'
import { jobPodName, secretName, serviceNames } from './pods/names.js'
import { createSecrets, pullSecrets, secretEnvironment } from './pods/secrets.js'
import { applyTemplate, readTemplate } from './pods/template.js'
import { printInitLog } from './steps/init-log.js'
import { explainNoShell } from './steps/start-failure.js'
import { printWaiting } from './steps/waiting.js'
import type { Response } from './protocol/response.js'
import type { ContainerArgs, PrepareJob } from './protocol/schema.js'
import { warningCommand } from './report/workflow-commands.js'
import { openJob } from './job/open-job.js'
import { probeJobContainer } from './job/probe.js'
import { printServiceLogs } from './services/logs.js'
import { isReady, seeServicesRun } from './services/ready.js'
import type { State } from './job/state.js'

const NO_PARTS: PodParts = { volumes: [], mounts: [], initContainers: [], beside: [] }

/**
 * Starts the job's pod: container `job` and the services. Everything of an earlier try is removed first, so that a job
 * can be started twice in one runner.
 */
export async function prepareJob(call: Call, { args }: PrepareJob): Promise<Response> {
  const { kube, settings, cancelled } = call
  const template = await readTemplate(call.environment.templatePath)
  // A wrong entry for builds is told by the first job, not by the first Dockerfile.
  buildTemplate(template)
  const containers = [args.container, ...args.services]
  const masked = await maskOwnToken(call)
  for (const container of containers) maskCredentials(call, container?.registry)
  const image = args.container === null ? undefined : imageOf(args.container)

  const { runner, owner, workspace } = await openJob(call)
  const name = jobPodName(settings.runnerPod)
  const names = serviceNames(args.services.map(imageOf))
  const volumes = { system: args.container?.systemMountVolumes ?? [], user: args.container?.userMountVolumes ?? [] }
  // Services see nothing of the work directory.
  const parts = args.container === null ? NO_PARTS : workspace.jobParts(volumes)
  const credentials = pullSecrets(
    owner,
    containers.map(container => container?.registry)
  )
  const pullNames = credentials.flatMap(({ metadata }) => metadata?.name ?? [])
  const environment = secretEnvironment(
    owner,
    secretName(settings.runnerPod),
    containers.map(container => container?.environmentVariables ?? {})
  )
  const pod = applyTemplate(
    jobPod({
      owner,
      name,
      job:
        args.container === null || image === undefined
          ? null
          : { args: args.container, image, variables: environment.variables[0] ?? [] },
      services: args.services.map((service, index) => ({
        name: names[index] ?? `service-${index}`,
        args: service,
        variables: environment.variables[index + 1] ?? []
      })),
      parts,
      pullSecrets: [...runner.pullSecrets, ...pullNames],
      pullPolicy: settings.imagePullPolicy
    }),
    template,
    'job'
  )

  for (const container of containers) warnOfIgnored(call, container, container === args.container)
  if (settings.warning !== undefined) call.print(warningCommand(`Runner configuration: ${settings.warning}.`))

  // In cleanup_job's order: no image is removed under a pod that may still pull it.
  const leftovers = [
    ...(await deleteOwned(call, ['pods', 'jobs'])),
    ...(await removeImages(call)),
    ...(await deleteOwned(call, ['secrets']))
  ]
  if (leftovers.length > 0) call.print(`Could not remove everything of an earlier job: ${leftovers.join('; ')}`)
  try {
    // Delivered while the scheduler, the kubelet and the image pull do their part.
    const limit = AbortSignal.any([cancelled, AbortSignal.timeout(settings.prepareTimeoutMs)])
    const delivered = timePhase(
      call,
      'externals',
      args.container === null ? Promise.resolve() : workspace.deliver(limit)
    )
    delivered.catch(() => undefined)
    const secrets = [...credentials, environment.secret]
    await createSecrets(kube, secrets, cancelled)
    await kube.create('pods', pod, { signal: cancelled })
    const running = waitForPod(kube, name, pod => isReady(pod, names), {
      timeoutMs: settings.prepareTimeoutMs,
      signal: cancelled,
      onProblem: printWaiting(call.print, name)
    })
    const [{ status }] = await Promise.all([timePhase(call, 'pod', running), delivered])
    const fill = async (): Promise<boolean> => {
      if (args.container === null) return false
      await timePhase(call, 'workspace', workspace.fillJob(name, cancelled))
      return probeJobContainer(call, name)
    }
    const [isAlpine] = await Promise.all([fill(), timePhase(call, 'services', seeServicesRun(call, name, names))])
    return {
      state: {
        version: 1,
        jobPod: name,
        runner,
        ...(names.length === 0 || status?.podIP === undefined ? {} : { services: { ip: status.podIP, names } }),
        ...(masked === undefined ? {} : { masked }),
        pullSecrets: pullNames
      } satisfies State,
      isAlpine,
      context: {
        ...(args.container === null
          ? {}
          : { container: { id: name, network: name, ports: portAnswer(args.container.portMappings) } }),
        services: args.services.map(service => ({
          id: name,
          network: name,
          image: imageOf(service),
          ports: portAnswer(service.portMappings)
        }))
      }
    }
  } catch (error) {
    await printServiceLogs(call, name, names)
    await printInitLog(kube, call.print, name, error)
    for (const problem of await deleteOwned(call, ['pods', 'secrets'])) call.print(problem)
    throw explainNoShell(error)
  }
}

/** What the workflow asks for and does not get must not be missed in silence. */
function warnOfIgnored(call: Call, container: ContainerArgs | null, isJob: boolean): void {
  if (container === null) return
  const what = isJob ? 'The job container' : `The service ${container.image}`
  if (container.createOptions) call.print(warningCommand(`${what}: options are ignored: ${container.createOptions}`))
  if (!isJob && container.userMountVolumes.length > 0) call.print(warningCommand(`${what}: volumes are ignored.`))
}

function imageOf(container: ContainerArgs): string {
  if (container.image === null || container.image === '') {
    throw new HookError('INPUT', 'The job has a container or service without an image.')
  }
  return container.image
}

async function timePhase<T>(call: Call, phase: string, work: Promise<T>): Promise<T> {
  const start = Date.now()
  try {
    return await work
  } finally {
    call.phase(phase, Date.now() - start)
  }
}
