import * as v from 'valibot'

import { HookError } from '../report/errors.js'
import { isSecretOf, jobPodName } from '../pods/names.js'

const volume = v.variant('kind', [
  v.object({ kind: v.literal('claim'), claimName: v.string(), subPath: v.string(), singleNode: v.boolean() }),
  v.object({ kind: v.literal('own-disk') })
])

/**
 * What the hook keeps between the calls of one job; the runner stores it and sends it along.
 * `jobPod` has the shipped hooks' name; `version` grows when an older hook could not read it. No secrets.
 */
const state = v.object({
  version: v.literal(1),
  jobPod: v.string(),
  /** What `prepare_job` read of the runner's pod, so that a step need not ask again. */
  runner: v.object({
    uid: v.string(),
    node: v.optional(v.string()),
    image: v.string(),
    pullSecrets: v.pipe(v.array(v.string()), v.readonly()),
    volume
  }),
  /** Which names lead container steps to the job's pod and its services, by address. */
  hosts: v.optional(
    v.pipe(v.array(v.object({ ip: v.string(), names: v.pipe(v.array(v.string()), v.readonly()) })), v.readonly())
  ),
  /** Whether the job has services, after which a step that fails looks. */
  hasServices: v.optional(v.boolean()),
  /** Whether the role lets nobody watch pods, so that steps need not try. */
  polls: v.optional(v.boolean()),
  /** Tells the runner's own token that the runner masks already from a later one; a hash. */
  masked: v.optional(v.string()),
  /** The Secrets with the job's registry credentials. */
  pullSecrets: v.pipe(v.array(v.string()), v.readonly())
})

export type State = v.InferOutput<typeof state>

/**
 * The state of this job, or undefined when there is none or another hook wrote it.
 *
 * A job on a shared volume sees the files in which the runner takes answers: a process of it that is quick enough could
 * have written this one. So no object that is another runner's is taken from it.
 *
 * @param runnerPod the name of this runner's pod
 * @throws HookError INPUT when it names another's objects
 */
export function readState(value: unknown, runnerPod: string): State | undefined {
  const result = v.safeParse(state, value)
  if (!result.success) return undefined
  const { jobPod, pullSecrets } = result.output
  const foreign = [jobPod].filter(name => name !== jobPodName(runnerPod))
  foreign.push(...pullSecrets.filter(name => !isSecretOf(runnerPod, name)))
  if (foreign[0] !== undefined) {
    throw new HookError(
      'INPUT',
      `The state of this job names ${foreign[0]}, which is not of runner ${runnerPod}: a step of the job wrote into the runner's files.`
    )
  }
  return result.output
}
