import { MAILBOX_PATH } from '@kaniko-hooks/broker/mailbox'

/** A file on its way: it gets its name when it is whole. What a killed transfer leaves of one does not travel. */
export const PART = '.kaniko-hooks-part'

/** Where a step's GITHUB_ENV, GITHUB_OUTPUT and the like are. */
export const FILE_COMMANDS = '_temp/_runner_file_commands'

/** What stays where it is: the runner's own answers, externals, which reach the pods from the runner's image, and the mailbox. */
const STAYS = new RegExp(`^(?:externals|_temp/_runner_hook_responses|${MAILBOX_PATH})(?:/|$)`)

/**
 * What does not travel, and what a job may not change on the runner: the answers of this hook, externals, which reach the
 * pods from the runner's image, and the mailbox of a step, which has a way of its own.
 *
 * @param path below the work directory, its parts parted by one slash and none of them `.` or `..`
 */
export function isOfTheRunner(path: string): boolean {
  return STAYS.test(path) || path === PART || path.endsWith(`/${PART}`)
}

/** Whether a path is one of the files that a step writes for the runner: outputs, environment, summary. */
export function isFileCommand(path: string): boolean {
  return path.startsWith(`${FILE_COMMANDS}/`)
}

/** What need not come to the runner. */
export interface Exclusion {
  /** The repository's directory. */
  readonly below: string
  /** Names of directories. */
  readonly names: readonly string[]
}

/** Whether a path is such a directory, or in one. */
export function isExcluded(path: string, exclusion: Exclusion | undefined): boolean {
  if (exclusion === undefined || !path.startsWith(`${exclusion.below}/`)) return false
  const parts = path.slice(exclusion.below.length + 1).split('/')
  return exclusion.names.some(name => parts.includes(name))
}
