import type { Environment } from '../../settings/environment.js'
import type { SettingsFile } from '../../settings/schema.js'

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
  /** Whether later jobs have this scope too; a tag and a merge queue's entry are built once. */
  readonly lasting: boolean
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

/** Its pushes and pull requests bring what strangers published; GitHub gives its runs no secrets either. */
const FOREIGN_ACTORS = new Set(['dependabot[bot]'])

/**
 * The scope of a job. These variables come from the runner's memory; a step cannot change them for the hook.
 *
 * @returns undefined when the runner does not say enough: then nothing is shared
 */
export function scopeOf(
  { repository, ref, baseRef, eventName, actor }: Environment,
  width: SettingsFile['image']['scope']
): Scope | undefined {
  if (repository === undefined || ref === undefined || eventName === undefined) return undefined
  const trusted = TRUSTED_EVENTS.has(eventName) && !FOREIGN_ACTORS.has(actor ?? '')
  const shared = { ref: scopeName(repository, ref), repository: scopeName(repository), all: scopeName() }[width]
  const lasting = width !== 'ref' || (ref.startsWith('refs/heads/') && !ref.startsWith('refs/heads/gh-readonly-queue/'))
  if (trusted) return { own: shared, readable: [shared], trusted, lasting }
  const own = scopeName(repository, ref, eventName)
  const base = baseRef === undefined ? [] : [scopeName(repository, `refs/heads/${baseRef}`)]
  return { own, readable: [own, ...(width === 'ref' ? base : [shared])], trusted, lasting }
}

/** Lists of different parts never have one name: branches may hold every separator. */
function scopeName(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}
