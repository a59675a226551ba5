import type { StoredImage } from '@kaniko-hooks/build'
import { isKubeError } from '@kaniko-hooks/kube'

import type { Call } from '../call.js'
import { messageOf } from '../errors.js'
import { openPlaces, type Place } from './places.js'
import { allRecords, recordsOfRunner, type ImageRecord, type KnownImage } from './record.js'

/** After a kept image has expired: a job that found it a moment before may still pull it, and clocks differ. */
const EXPIRY_GRACE_MS = 10 * 60_000

/** A record of another runner is looked at only when it is older: most runners remove their own. */
const ORPHAN_AGE_MS = 60 * 60_000

/** A clean-up ends a job that somebody waits for; what is left is swept by the next one. */
const SWEPT_AT_ONCE = 10

/**
 * Removes the images that this runner's jobs built, or may have pushed, and their records; kept ones stay. Call it when
 * no pod of the job is left.
 *
 * @returns what the registry did not remove, as sentences
 */
export async function removeImages(call: Call): Promise<string[]> {
  return reported(async () => {
    const records = await recordsOfRunner(call.kube, call.settings.runnerPod)
    return removeAll(
      call,
      records.filter(({ record }) => record.keep === undefined)
    )
  })
}

/**
 * Removes what nobody else will: kept images that have expired, and images of runners that were killed before they could
 * clean up. Any job of the namespace does it for all.
 */
export async function sweepImages(call: Call): Promise<void> {
  const problems = await reported(async () => {
    const due: KnownImage[] = []
    for (const known of await allRecords(call.kube)) {
      if (due.length < SWEPT_AT_ONCE && (await isDue(call, known))) due.push(known)
    }
    return removeAll(call, due)
  })
  // It is not this job's image, nor its author's concern.
  for (const problem of problems) call.note(`Sweeping: ${problem}`)
}

async function isDue(call: Call, { record, createdMs }: KnownImage): Promise<boolean> {
  const now = Date.now()
  if (record.keep !== undefined) {
    return record.keep.until !== undefined && Date.parse(record.keep.until) + EXPIRY_GRACE_MS < now
  }
  return createdMs + ORPHAN_AGE_MS < now && !(await isAlive(call, record))
}

async function isAlive(call: Call, { runner }: ImageRecord): Promise<boolean> {
  try {
    return (await call.runnerKube.get('pods', runner.pod)).metadata?.uid === runner.uid
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) return false
    throw error
  }
}

async function removeAll(call: Call, records: readonly KnownImage[]): Promise<string[]> {
  if (records.length === 0) return []
  const places = await openPlaces(call)
  const images = new Map<string, StoredImage>()
  // An interrupted build may have two records of one image; the one with the digest knows more.
  for (const image of records.flatMap(({ record }) => record.images)) {
    if (image.digest !== undefined || !images.has(image.pushRef)) images.set(image.pushRef, image)
  }
  const problems = await Promise.all([...images.values()].map(async image => remove(image, places)))
  await Promise.all(records.map(async ({ name }) => call.kube.delete('secrets', name)))
  return problems.flat()
}

async function remove(image: StoredImage, places: readonly Place[]): Promise<string[]> {
  const place = places.find(({ destination }) => destination.owns(image.pushRef))
  if (place === undefined) return [`the image ${image.pushRef} stays: the settings do not name its registry any more`]
  const removal = await place.destination.remove(image)
  return 'why' in removal ? [`the image ${image.pushRef} stays: ${removal.why}`] : []
}

async function reported(work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work()
  } catch (error) {
    return [`images may stay in the registry: ${messageOf(error)}`]
  }
}
