import type { OwnPod } from './services/pods.js'
import type { Plan } from './services/plan.js'
import { portAnswer } from './services/ports.js'
import type { ContainerArgs } from './protocol/schema.js'
import type { Response } from './protocol/response.js'
import type { State } from './job/state.js'

/** A job that runs. */
export interface RunningJob {
  readonly pod: string
  readonly ip: string | undefined
  /** Undefined for a job that has only services. */
  readonly container: ContainerArgs | undefined
  readonly plan: Plan
  readonly ownPods: readonly OwnPod[]
  /** The ports of the services, when steps reach them by others than their own. */
  readonly forwarded: readonly Readonly<Record<string, string>>[] | undefined
  /** The parts of the state that were known before. */
  readonly known: Pick<State, 'runner' | 'polls' | 'masked' | 'pullSecrets'>
  readonly isAlpine: boolean
}

/** What the runner is told of a job that runs: the state that it hands to later calls, and what `job.*` says. */
export function answerJob(job: RunningJob): Response {
  const { pod, container, plan, forwarded } = job
  const services = plan.services.map((service, index) => {
    const id = job.ownPods.find(one => one.service === service)?.pod ?? pod
    const ports = forwarded === undefined ? portAnswer(service.args.portMappings) : (forwarded[index] ?? {})
    return { id, network: id, image: service.image, ports }
  })
  return {
    state: stateOf(job),
    isAlpine: job.isAlpine,
    context: {
      ...(container === undefined
        ? {}
        : { container: { id: pod, network: pod, ports: portAnswer(container.portMappings) } }),
      services
    }
  }
}

function stateOf({ pod, ip, container, plan, ownPods, known }: RunningJob): State {
  // A Docker runner's containers reach the job's by its id and its names, too.
  const ofJob = container === undefined ? [] : [pod, ...plan.jobHosts]
  const beside = plan.services.filter(({ hasOwnPod }) => !hasOwnPod).flatMap(({ hosts }) => hosts)
  return {
    version: 1,
    jobPod: pod,
    ...known,
    ...(ip === undefined
      ? {}
      : {
          hosts: [{ ip, names: [...ofJob, ...beside] }, ...ownPods.map(one => ({ ip: one.ip, names: [...one.names] }))]
        }),
    ...(plan.services.length === 0 ? {} : { hasServices: true })
  }
}
