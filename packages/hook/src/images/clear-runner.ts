import type { Call } from '../job/call.js'
import { deleteOwned, listOwned, type EndOf } from '../job/owned-objects.js'
import { recordsOfRunner } from './records/record.js'
import { removeImages } from './records/remove-images.js'

/**
 * Finds everything that jobs of this runner left, by requests that go out at once, and gives what removes it: pods first, then
 * Jobs, the images that no pod can need any more, and Secrets. What is found was made by calls that are over, so that nothing
 * is added meanwhile.
 *
 * @returns removes it; says what could not be removed, as sentences
 */
export function findLeftovers(call: Call): (endOf?: EndOf) => Promise<string[]> {
  const owned = listOwned(call, ['pods', 'jobs', 'secrets'])
  const records = recordsOfRunner(call.kube, call.settings.runnerPod)
  records.catch(() => undefined)
  return async endOf => [
    ...(await deleteOwned(call, ['pods', 'jobs'], endOf, owned)),
    ...(await removeImages(call, records)),
    ...(await deleteOwned(call, ['secrets'], endOf, owned))
  ]
}
