import type { Environment } from '../environment.js'
import type { SettingsFile } from '../settings/schema.js'

/**
 * Whose images a job may use, and who may use its own. All that the hook can know of trust is what the runner says of
 * the event (docs/adrs/0011): not what a job checked out.
 */
export interface Scope {
  /** Under which this job's images and layers are kept. */
  readonly own: string
  /** Whose images it may use. */
  readonly readable: readonly string[]
  /** Whether the event is one that only somebody with write access to the repository can cause. */
  readonly trusted: boolean
}

/**
 * Events whose code has been accepted into the repository. All others may run what a stranger wrote: `pull_request` by
 * design, `pull_request_target`, `issue_comment` and `workflow_run` by checking it out under the default branch's name.
 */
const TRUSTED_EVENTS = new Set([
  'create',
  'deployment',
  'merge_group',
  'push',
  'release',
  'repository_dispatch',
  'schedule',
  'workflow_dispatch'
])

/**
 * The scope of a job. These variables come from the runner's memory; a step cannot change them for the hook.
 *
 * @returns undefined when the runner does not say enough: then nothing is shared
 */
export function scopeOf(
  { repository, ref, baseRef, eventName }: Environment,
  width: SettingsFile['image']['scope']
): Scope | undefined {
  if (repository === undefined || ref === undefined || eventName === undefined) return undefined
  const trusted = TRUSTED_EVENTS.has(eventName)
  const shared = { ref: `${repository}@${ref}`, repository, all: '*' }[width]
  if (trusted) return { own: shared, readable: [shared], trusted }
  const own = `${repository}@${ref}#${eventName}`
  const base = baseRef === undefined ? [] : [`${repository}@refs/heads/${baseRef}`]
  return { own, readable: [own, ...(width === 'ref' ? base : [shared])], trusted }
}
