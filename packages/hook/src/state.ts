import * as v from 'valibot'

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
  /** Where container steps reach the services of the job: the job pod's address, and their names. */
  services: v.optional(v.object({ ip: v.string(), names: v.pipe(v.array(v.string()), v.readonly()) })),
  /** The Secrets with the job's registry credentials. */
  pullSecrets: v.pipe(v.array(v.string()), v.readonly())
})

export type State = v.InferOutput<typeof state>

/** The state of this job, or undefined when there is none or another hook wrote it. */
export function readState(value: unknown): State | undefined {
  const result = v.safeParse(state, value)
  return result.success ? result.output : undefined
}
