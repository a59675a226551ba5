import type { Call } from './call.js'
import { removeImages, sweepImages } from './images/remove-images.js'
import { deleteOwned } from './owned-objects.js'
import { warningCommand } from './protocol/workflow-commands.js'
import { sweepRunners } from './sweep-runners.js'

/**
 * Removes what the job left: its pods first, then the images that it built (no pod can need them any more), then its
 * Secrets. What stays is a warning; a clean-up never fails a job. Last, it sweeps what killed runners left and what was
 * kept long enough.
 */
export async function cleanupJob(call: Call): Promise<void> {
  const problems = [
    ...(await deleteOwned(call, ['pods', 'jobs'])),
    ...(await removeImages(call)),
    ...(await deleteOwned(call, ['secrets']))
  ]
  for (const problem of problems) call.print(warningCommand(`Clean-up: ${problem}`))
  await sweepImages(call)
  await sweepRunners(call)
}
