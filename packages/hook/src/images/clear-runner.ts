import type { Call } from '../job/call.js'
import { deleteOwned, listOwned, type EndOf } from '../job/owned-objects.js'
import { recordsOfRunner, type KnownImage } from './records/record.js'
import { removeImages } from './records/remove-images.js'

const STAY = 'images that it built stay until a later clean-up, since a pod is left that may use them'

/**
 * Finds everything that jobs of this runner left, by requests that go out at once, and gives what removes it: pods first, then
 * Jobs, the images that no pod can need any more, and Secrets. What is found was made by calls that are over, so that nothing
 * is added meanwhile. Beside a pod that could not be removed, images and their records stay: it may pull them, or push them again.
 *
 * @returns removes it; says what could not be removed, as sentences
 */
export function findLeftovers(call: Call): (endOf?: EndOf) => Promise<string[]> {
  const owned = listOwned(call, ['pods', 'jobs', 'secrets'])
  const records = recordsOfRunner(call.kube, call.settings.runnerPod)
  records.catch(() => undefined)
  return async endOf => {
    const problems = await deleteOwned(call, ['pods', 'jobs'], endOf, owned)
    const left = problems.length === 0 ? await removeImages(call, records) : await whatStays(records)
    return [...problems, ...left, ...(await deleteOwned(call, ['secrets'], endOf, owned))]
  }
}

async function whatStays(records: Promise<readonly KnownImage[]>): Promise<string[]> {
  const images = await records.catch(() => [])
  return images.some(({ record }) => record.keep === undefined) ? [STAY] : []
}
