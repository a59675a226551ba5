import { createHash, randomUUID as uuid } from 'node:crypto'

/** Kubernetes' limit for names of pods that are also host names, and for label values. */
const MAX_NAME = 63

/** ARC's own clean-up and ours find what belongs to a runner by this label. */
export const RUNNER_LABEL = 'runner-pod'

/** The runner's namespace and UID, on what lies in another namespace than the runner. */
export const HOME_LABEL = 'kaniko-hooks/runner-namespace'
export const UID_LABEL = 'kaniko-hooks/runner-uid'

/** The container of the job pod in which script steps run, and of a step's pod that runs the action's image. */
export const JOB_CONTAINER = 'job'

/** The container beside it through which files cross where there is no shared volume. */
export const WORK_CONTAINER = 'kaniko-hooks-work'

/** The init container that takes the files of a step's pod. */
export const RECEIVE_CONTAINER = 'receive-work'

/** That of the job pod in the shipped hooks: templates name it, and it is not there. */
const FORMER_CONTAINER = 'fs-init'

/** Containers that are ours alone, whatever the workflow says. */
export const HELPERS: ReadonlySet<string> = new Set([WORK_CONTAINER, RECEIVE_CONTAINER, FORMER_CONTAINER])

/** The job pod of a runner: dashboards and policies match on this name. */
export function jobPodName(runner: string): string {
  return addSuffix(runner, 'workflow')
}

/** A name for one container step. */
export function stepName(runner: string): string {
  return addSuffix(runner, `step-${uuid().slice(0, 8)}`)
}

/** A name for the pod of one service. */
export function servicePodName(runner: string): string {
  return addSuffix(runner, `service-${uuid().slice(0, 8)}`)
}

/** A name for a Secret that belongs to a runner. */
export function secretName(runner: string): string {
  return addSuffix(runner, `secret-${uuid().slice(0, 8)}`)
}

/** Whether a Secret's name is one that `secretName` gives for this runner. */
export function isSecretOf(runner: string, name: string): boolean {
  const any = secretName(runner)
  return name.length === any.length && name.startsWith(any.slice(0, -8))
}

/** A name for a build pod. */
export function buildName(runner: string): string {
  return addSuffix(runner, `build-${uuid().slice(0, 8)}`)
}

/** The runner's name as a label value; a longer one is cut and told apart by a hash. */
export function runnerLabel(runner: string): string {
  return cut(runner, MAX_NAME)
}

function addSuffix(runner: string, suffix: string): string {
  return `${cut(runner, MAX_NAME - suffix.length - 1)}-${suffix}`
}

function cut(name: string, length: number): string {
  if (name.length <= length) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${name.slice(0, length - 7).replace(/[-._]+$/, '')}-${hash}`
}

/**
 * A text of anybody's as a label value: what a label cannot hold becomes `_`, and what is too long is cut and told apart by a
 * hash.
 *
 * @returns undefined where nothing is left
 */
export function labelValue(text: string): string | undefined {
  const allowed = text.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[-._]+|[-._]+$/g, '')
  return allowed === '' ? undefined : cut(allowed, MAX_NAME)
}
