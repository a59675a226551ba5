import { removeRecordedImages } from './built-image.js'
import type { Call } from './call.js'
import { deleteOwned } from './owned-objects.js'
import { warningCommand } from './protocol/workflow-commands.js'

/**
 * Removes what the job left: its pods first, then the images that it built (no pod can need them any more), then its
 * Secrets, among them the records of those images. What stays is a warning; a clean-up never fails a job.
 */
export async function cleanupJob(call: Call): Promise<void> {
  const problems = [
    ...(await deleteOwned(call, ['pods', 'jobs'])),
    ...(await removeRecordedImages(call)),
    ...(await deleteOwned(call, ['secrets']))
  ]
  for (const problem of problems) call.print(warningCommand(`Clean-up: ${problem}`))
}
