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

/** A registry that did not answer is tried again by later jobs for so long. */
const GIVEN_UP_MS = 24 * 60 * 60_000

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
  const outcomes = await Promise.all([...images.values()].map(async image => remove(image, places)))
  const postponed = new Set(outcomes.flatMap(({ pushRef, again }) => (again ? [pushRef] : [])))
  const done = records.filter(({ record, createdMs }) => {
    // A registry that is down for a while must not keep what it has for ever: the next sweep tries again, for a day.
    return createdMs + GIVEN_UP_MS < Date.now() || !record.images.some(({ pushRef }) => postponed.has(pushRef))
  })
  await Promise.all(done.map(async ({ name }) => call.kube.delete('secrets', name)))
  return outcomes.flatMap(({ problem }) => problem ?? [])
}

interface Outcome {
  readonly pushRef: string
  readonly problem?: string
  /** Whether a later try may go well. */
  readonly again: boolean
}

async function remove(image: StoredImage, places: readonly Place[]): Promise<Outcome> {
  const { pushRef } = image
  const place = places.find(({ destination }) => destination.owns(pushRef))
  if (place === undefined) {
    return {
      pushRef,
      again: false,
      problem: `the image ${pushRef} stays: the settings do not name its registry any more`
    }
  }
  const removal = await place.destination.remove(image)
  const again = removal.result === 'refused' && removal.passing
  return { pushRef, again, ...('why' in removal ? { problem: `the image ${pushRef} stays: ${removal.why}` } : {}) }
}

async function reported(work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work()
  } catch (error) {
    return [`images may stay in the registry: ${messageOf(error)}`]
  }
}
