import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'
import { waitForPod } from '@kaniko-hooks/kube'

import type { Call } from './job/call.js'
import { HookError, messageOf } from './report/errors.js'
import { removeImages } from './images/records/remove-images.js'
import { maskCredentials, maskOwnToken } from './job/mask-credentials.js'
import { deleteOwned } from './job/owned-objects.js'
import { jobPod, portAnswer } from './pods/job-pod.js'
import type { PodParts } from './pods/pod-parts.js'
import { JOB_CONTAINER, jobPodName, secretName, serviceNames } from './pods/names.js'
import { createSecrets, pullSecrets, secretEnvironment } from './pods/secrets.js'
import { applyTemplate, readTemplate } from './pods/template.js'
import { printWaiting } from './steps/waiting.js'
import type { Response } from './protocol/response.js'
import type { ContainerArgs, PrepareJob } from './protocol/schema.js'
import { quotedGroup, warningCommand } from './report/workflow-commands.js'
import { runInContainer } from './steps/run-in-container.js'
import { ownerOf, readRunner, workspaceOf } from './job/runner-pod.js'
import type { State } from './job/state.js'

/**
 * Asks the job container what the runner wants to know of it, and whether script steps can run there. Alpine is what has
 * the word in a line of a release file that begins with ID, as for the runner itself (`ID_LIKE=alpine` is one).
 */
const PROBE = [
  'sh',
  '-c',
  `for file in /etc/*release; do
  while read -r line || [ -n "$line" ]; do case $line in ID*[Aa][Ll][Pp][Ii][Nn][Ee]*) echo alpine ;; esac; done <"$file"
done 2>/dev/null
for tool in cat dd head mkdir mv rm sleep wc; do command -v $tool >/dev/null 2>&1 || echo "missing $tool"; done
for node in /__e/*/bin/node; do [ -e "$node" ] && exit; done
echo "missing externals"`
]

/** For the last words of the services that ended: any of them may have printed one line without an end. */
const SERVICE_LOG = { tailLines: 50, limitBytes: 256 * 1024 }
const SERVICE_LOGS_MS = 15_000

/** The kubelet looks at its containers once in a second, so a service that ended as it began passes for one that runs. */
const SERVICE_START_MS = 2_000

const NO_PARTS: PodParts = { volumes: [], mounts: [], initContainers: [], beside: [] }

/**
 * Starts the job's pod: container `job` and the services. Everything of an earlier try is removed first, so that a job
 * can be started twice in one runner.
 */
export async function prepareJob(call: Call, { args }: PrepareJob): Promise<Response> {
  const { kube, settings, cancelled } = call
  const template = await readTemplate(call.environment.templatePath)
  const containers = [args.container, ...args.services]
  const masked = await maskOwnToken(call)
  for (const container of containers) maskCredentials(call, container?.registry)
  const image = args.container === null ? undefined : imageOf(args.container)

  const runner = await readRunner(call)
  const owner = ownerOf(call, runner)
  const workspace = workspaceOf(call, runner)
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
    const delivered = timed(call, 'externals', args.container === null ? Promise.resolve() : workspace.deliver(limit))
    delivered.catch(() => undefined)
    const secrets = [...credentials, environment.secret]
    await createSecrets(kube, secrets, cancelled)
    await kube.create('pods', pod, { signal: cancelled })
    const running = waitForPod(kube, name, pod => isReady(pod, names), {
      timeoutMs: settings.prepareTimeoutMs,
      signal: cancelled,
      onProblem: printWaiting(call.print, name)
    })
    const [{ status }] = await Promise.all([timed(call, 'pod', running), delivered])
    const fill = async (): Promise<boolean> => {
      if (args.container === null) return false
      await timed(call, 'workspace', workspace.fillJob(name, cancelled))
      return probe(call, name)
    }
    const [isAlpine] = await Promise.all([fill(), timed(call, 'services', seeServicesRun(call, name, names))])
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
    for (const problem of await deleteOwned(call, ['pods', 'secrets'])) call.print(problem)
    throw error
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
    throw new HookError('INPUT', 'user', 'The job has a container or service without an image.')
  }
  return container.image
}

/**
 * Whether all containers run. A sidecar of the template may have done its work already.
 *
 * @throws HookError when the job container or a service ended: it would never be ready
 */
function isReady(pod: V1Pod, services: readonly string[]): boolean {
  const statuses = pod.status?.containerStatuses ?? []
  for (const { name, state } of statuses) {
    const { exitCode, reason } = state?.terminated ?? {}
    // What the runtime could not even start is told by the pod's status, in the runtime's words.
    // A service may do one thing and end.
    if (exitCode === undefined || (exitCode === 0 && name !== JOB_CONTAINER)) continue
    if (reason === 'StartError' || reason === 'ContainerCannotRun') continue
    if (name !== JOB_CONTAINER && !services.includes(name)) continue
    throw new HookError(
      'POD_FAILED',
      'user',
      `${name === JOB_CONTAINER ? 'The job container' : `The service ${name}`} ended with exit code ${exitCode} (${reason ?? 'Error'}) before the job began.`
    )
  }
  return (
    statuses.length === pod.spec?.containers.length &&
    statuses.every(({ state }) => state?.running !== undefined || state?.terminated?.exitCode === 0)
  )
}

/**
 * Sees that no service ended right after it began.
 *
 * @throws HookError when one did
 */
async function seeServicesRun({ kube, cancelled }: Call, pod: string, services: readonly string[]): Promise<void> {
  if (services.length === 0) return
  await sleep(SERVICE_START_MS, undefined, { signal: cancelled })
  isReady(await kube.get('pods', pod, { signal: cancelled }), services)
}

async function probe(call: Call, pod: string): Promise<boolean> {
  const { stdout, stderr, code } = await runInContainer(call.kube, { pod, container: JOB_CONTAINER }, PROBE, {
    signal: call.cancelled
  })
  const lines = stdout.split('\n')
  const missing = lines.flatMap(line => (line.startsWith('missing ') ? [line.slice('missing '.length)] : []))
  if (missing.includes('externals')) {
    throw new HookError(
      'WORKSPACE',
      'cluster',
      `The runner's node builds did not reach /__e of pod ${pod}; JavaScript actions could not run. Is the work volume writable and not full?`
    )
  }
  if (missing.length > 0) {
    throw new HookError(
      'JOB_CONTAINER',
      'user',
      `The job container's image lacks ${missing.join(', ')}; script steps need them. Use an image with coreutils or busybox.`
    )
  }
  if (stdout.trim() === '' && code !== 0)
    throw new HookError('JOB_CONTAINER', 'user', `The job container cannot run sh: ${stderr}`)
  return lines.includes('alpine')
}

/** A service that ended tells why only in its log, and the pod is about to go. */
async function printServiceLogs(call: Call, name: string, services: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(SERVICE_LOGS_MS)
  const pod = await call.kube.get('pods', name, { signal }).catch(() => undefined)
  for (const service of services) {
    const status = pod?.status?.containerStatuses?.find(candidate => candidate.name === service)
    if (status?.state?.terminated === undefined && status?.lastState?.terminated === undefined) continue
    await quotedGroup(`Log of service ${service}`, call.print, async print => {
      try {
        const pieces: Uint8Array[] = []
        for await (const piece of call.kube.logs({ pod: name, container: service }, { ...SERVICE_LOG, signal })) {
          pieces.push(piece)
        }
        for (const line of Buffer.concat(pieces).toString().trimEnd().split('\n')) print(line)
      } catch (error) {
        print(messageOf(error))
      }
    })
  }
}

async function timed<T>(call: Call, phase: string, work: Promise<T>): Promise<T> {
  const start = Date.now()
  try {
    return await work
  } finally {
    call.phase(phase, Date.now() - start)
  }
}
