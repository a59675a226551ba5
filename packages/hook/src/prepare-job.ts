import type { V1Pod } from '@kaniko-hooks/kube'

import { mailboxVariable } from './broker/answer-requests.js'
import { forgetBuilds } from './broker/count.js'
import type { Call } from './job/call.js'
import { answerJob } from './job-answer.js'
import { findLeftovers } from './images/clear-runner.js'
import { beginBuilds } from './images/early/begin-builds.js'
import { engineOf } from './images/engine.js'
import { takeOptions } from './options/take.js'
import { maskCredentials, maskOwnToken } from './job/mask-credentials.js'
import { deleteOwned } from './job/owned-objects.js'
import { jobPod } from './pods/job-pod.js'
import type { PodParts } from './pods/pod-parts.js'
import { jobPodName, secretName } from './pods/names.js'
import { createSecrets, pullSecrets, secretEnvironment } from './pods/secrets.js'
import { addedContainers, applyTemplate, doubtsAbout, readTemplate } from './pods/template.js'
import { printStartLog } from './steps/start-log.js'
import { explainNoShell } from './steps/start-failure.js'
import type { Response } from './protocol/response.js'
import type { PrepareJob } from './protocol/schema.js'
import { warningCommand } from './report/workflow-commands.js'
import { openJob } from './job/open-job.js'
import { probeJobContainer, type Probed } from './job/probe.js'
import { startPod } from './job/start-pod.js'
import { forwardPorts } from './services/forward.js'
import { readServiceImages } from './services/images.js'
import { printLogsOfEnded } from './services/logs.js'
import { imageOf, oddHosts, planServices, type Plan } from './services/plan.js'
import type { Service } from './services/service.js'
import {
  aliasesOf,
  awaitOwnPods,
  prepareServices,
  servicesBeside,
  startOwnPods,
  withVolumes,
  type OwnPod
} from './services/pods.js'
import { awaitServices, isReady } from './services/ready.js'
import type { Workspace } from './workspace/workspace.js'

const NO_PARTS: PodParts = { volumes: [], mounts: [], initContainers: [], beside: [] }

/**
 * Starts the job's pod: container `job` and the services. Everything of an earlier try is removed first, so that a job
 * can be started twice in one runner. The images of the job's actions begin to be built beside the pod.
 *
 * @param openEngine gives the engine that builds
 */
export async function prepareJob(
  call: Call,
  { args }: PrepareJob,
  openEngine: typeof engineOf = engineOf
): Promise<Response> {
  const { kube, settings, cancelled } = call
  // What is wrong with options is told before anything is made.
  const taken = takeOptions(call, args)
  const job = taken.container && { ...taken.container, image: imageOf(taken.container.args) }
  const template = await readTemplate(call.environment.templatePath)
  const containers = [job?.args, ...taken.services.map(service => service.args)]
  const masked = await maskOwnToken(call)
  for (const container of containers) maskCredentials(call, container?.registry)

  const removeLeftovers = findLeftovers(call)
  const opened = await openJob(call)
  const { runner, owner, workspace } = opened
  const name = jobPodName(settings.runnerPod)
  const configs = await readServiceImages(
    call,
    taken.services.map(service => service.args)
  )
  const plan = planServices(call, taken, addedContainers(template), configs)
  const volumes = { system: job?.args.systemMountVolumes ?? [], user: job?.args.userMountVolumes ?? [] }
  const parts = job === undefined ? NO_PARTS : workspace.jobParts(volumes)
  const credentials = pullSecrets(
    owner,
    containers.map(container => container?.registry)
  )
  const pullNames = credentials.flatMap(({ metadata }) => metadata?.name ?? [])
  const environment = secretEnvironment(
    owner,
    secretName(settings.runnerPod),
    containers.map((container, index) => ({
      ...(index === 0 ? mailboxVariable(call) : {}),
      ...container?.environmentVariables
    }))
  )
  const services = prepareServices(plan, environment.variables.slice(1), {
    workspace,
    isClaim: runner.volume.kind === 'claim',
    hasJobContainer: job !== undefined
  })
  const facts = { owner, template, pullSecrets: [...runner.pullSecrets, ...pullNames] }
  const beside = servicesBeside(services, settings.imagePullPolicy)

  const serviceContainers = plan.services.map(({ container }) => container)
  for (const doubt of doubtsAbout(template, serviceContainers)) call.print(warningCommand(doubt))
  if (settings.warning !== undefined) call.print(warningCommand(`Runner configuration: ${settings.warning}.`))

  // In cleanup_job's order: no image is removed under a pod that may still pull it.
  const leftovers = await removeLeftovers()
  if (leftovers.length > 0) call.print(`Could not remove everything of an earlier job: ${leftovers.join('; ')}`)
  forgetBuilds(call)
  const early = beginBuilds(call, opened, template, openEngine)
  const over = new AbortController()
  const signal = AbortSignal.any([cancelled, over.signal])
  let starting: Promise<V1Pod> | undefined
  try {
    // Delivered while the scheduler, the kubelet and the image pull do their part.
    const limit = AbortSignal.any([cancelled, AbortSignal.timeout(settings.prepareTimeoutMs)])
    const delivered = timePhase(call, 'externals', job === undefined ? Promise.resolve() : workspace.deliver(limit))
    delivered.catch(() => undefined)
    await createSecrets(kube, [...credentials, environment.secret], cancelled)
    const own = await startOwnPods(call, services, facts)
    // The pod's host name is in its hosts file already.
    const ownNames = plan.jobHosts.filter(host => host !== job?.options.pod.hostname)
    const pod = jobPod({
      owner,
      annotations: beside.annotations,
      name,
      job: job && { image: job.image, variables: environment.variables[0] ?? [], options: job.options },
      services: beside.containers,
      hostAliases: aliasesOf([{ ip: '127.0.0.1', names: [...ownNames, ...beside.names] }, ...own]),
      parts: withVolumes(parts, beside),
      pullSecrets: facts.pullSecrets,
      pullPolicy: settings.imagePullPolicy
    })
    const look = (found: V1Pod): boolean => {
      early.onRoom()
      return isReady(found, plan.services)
    }
    starting = startPod(call, applyTemplate(pod, template, 'job'), look, signal)
    // What is delivered meanwhile may fail first.
    starting.catch(() => undefined)
    const running = timePhase(call, 'pod', starting)
    const [{ spec, status }] = await Promise.all([
      running,
      awaitOwnPods({ ...call, cancelled: signal }, own),
      delivered
    ])
    const fill = async (): Promise<boolean> => {
      if (job === undefined) return false
      const probed = probe(call, name, plan, own, workspace)
      const user = probed.then(({ owner: found }) => found)
      user.catch(() => undefined)
      const address = { name, ip: spec?.hostNetwork === true ? undefined : status?.podIP }
      const filled = timePhase(call, 'workspace', workspace.fillJob(address, user, signal))
      const [{ isAlpine }] = await Promise.all([probed, filled])
      return isAlpine
    }
    const podOf = (service: Service): string => own.find(one => one.service === service)?.pod ?? name
    const [isAlpine] = await Promise.all([
      fill(),
      timePhase(call, 'services', awaitServices(call, plan.services, podOf, signal))
    ])
    // Steps of a job without a container run beside the runner.
    const ipOf = (service: Service): string => own.find(one => one.service === service)?.ip ?? status?.podIP ?? ''
    const ways = plan.services.map(service => ({ service, ip: ipOf(service) }))
    await early.letGo()
    return answerJob({
      pod: name,
      ip: status?.podIP,
      container: job?.args,
      plan,
      ownPods: own,
      forwarded: job === undefined ? await forwardPorts(call, ways) : undefined,
      known: {
        ...{ runner, pullSecrets: pullNames },
        ...(kube.mustPoll ? { polls: true } : {}),
        ...(masked === undefined ? {} : { masked })
      },
      isAlpine
    })
  } catch (error) {
    over.abort()
    // A pod that is still on its way would outlive the clean-up that follows.
    await Promise.all([starting?.catch(() => undefined), early.giveUp()])
    if (plan.services.length > 0) await printLogsOfEnded(call)
    await printStartLog(kube, call.print, name, error)
    for (const problem of await deleteOwned(call, ['pods', 'secrets'])) call.print(problem)
    throw explainNoShell(error)
  }
}

/** Asks the job's container what is to be known of it. */
async function probe(
  call: Call,
  pod: string,
  plan: Plan,
  own: readonly OwnPod[],
  { deliversExternals }: Workspace
): Promise<Probed> {
  const hosts = oddHosts(plan, own)
  const probed = await probeJobContainer(call, pod, { hosts: hosts.lines, deliversExternals })
  if (hosts.names.length > 0) {
    const names = hosts.names.join(', ')
    const who = 'Kubernetes takes no host name with "_"'
    call.print(
      probed.hasHosts
        ? `Only run: steps and JavaScript actions reach ${names}: ${who}, so that container steps need another name.`
        : warningCommand(
            `Not reached under ${names}: ${who}, and only root could write into the hosts file of the job.`
          )
    )
  }
  return probed
}

async function timePhase<T>(call: Call, phase: string, work: Promise<T>): Promise<T> {
  const start = Date.now()
  try {
    return await work
  } finally {
    call.phase(phase, Date.now() - start)
  }
}
