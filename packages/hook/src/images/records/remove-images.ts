import { setMaxListeners } from 'node:events'

import { isKubeError } from '@kaniko-hooks/kube'

import type { Call, Cluster, Configuration } from '../../job/call.js'
import { messageOf } from '../../report/errors.js'
import { ORPHAN_AGE_MS } from '../../pods/due.js'
import { REMOVAL } from '../../steps/removal.js'
import type { Place } from '../destinations/place.js'
import { openPlaces } from '../destinations/places.js'
import { recordsOfRunner, recordsThatEnded, type ImageRecord, type KnownImage } from './record.js'

/** After a kept image has expired, besides the time in which a pod may still be about to pull it: clocks differ. */
const EXPIRY_GRACE_MS = 10 * 60_000

/** A registry that did not answer is tried again by later jobs for so long. */
const GIVEN_UP_MS = 24 * 60 * 60_000

/** The record of a registry that these settings do not name, but perhaps those of another scale set, stays so long. */
const FORGOTTEN_MS = 30 * 24 * 60 * 60_000

/** A clean-up ends a job that somebody waits for; what is left is swept by the next one. */
const SWEPT_AT_ONCE = 10

/** For all of a job's own images, and for all that are swept: a registry that is silent must not hold a job up. */
const OWN_MS = 60_000
const SWEEP_MS = 15_000

/**
 * Removes the images that this runner's jobs built, or may have pushed, and their records; kept ones stay. Call it when
 * no pod of the job is left.
 *
 * @param reading the records, when they are being read already
 * @returns what the registry did not remove, as sentences
 */
export async function removeImages(
  call: Call,
  reading: Promise<readonly KnownImage[]> = recordsOfRunner(call.kube, call.settings.runnerPod)
): Promise<string[]> {
  return reportFailures(async () => {
    const records = await reading
    const isKept = ({ record }: KnownImage): boolean => record.keep !== undefined
    const kept = new Set(records.filter(isKept).flatMap(({ record }) => record.images.map(({ pushRef }) => pushRef)))
    const due = records.filter(known => !isKept(known))
    // What a killed hook noted before its build is no image of its own when the build was recorded too.
    const notes = due.filter(({ record }) => record.images.every(({ pushRef }) => kept.has(pushRef)))
    await Promise.all(notes.map(async ({ name }) => call.kube.delete('secrets', name, REMOVAL)))
    const own = due.filter(known => !notes.includes(known))
    if (own.length === 0) return []
    return removeRecorded(call, own, await openPlaces(call), AbortSignal.timeout(OWN_MS))
  })
}

/**
 * Removes what nobody else will: kept images that have expired, and images of runners that were killed before they could
 * clean up. Any job does it for all whose registries its settings name too.
 *
 * @param reading the records that may have ended, when they are being read already
 */
export async function sweepImages(
  call: Call,
  reading: Promise<readonly KnownImage[]> = recordsThatEnded(call.kube)
): Promise<void> {
  const problems = await reportFailures(async () => {
    const candidates = (await reading).filter(known => mayBeDue(call, known))
    if (candidates.length === 0) return []
    const places = await openPlaces(call)
    const isOurs = (pushRef: string): boolean => places.some(({ destination }) => destination.owns(pushRef))
    const ended = candidates.filter(({ record, createdMs }) => {
      const canRemove = record.images.every(({ pushRef }) => isOurs(pushRef))
      return canRemove || endMs(record, createdMs) + FORGOTTEN_MS < Date.now()
    })
    // Not always the same ones first: those of a registry that is down must not block the others.
    const start = Math.floor(Math.random() * ended.length)
    const some = [...ended.slice(start), ...ended.slice(0, start)].slice(0, SWEPT_AT_ONCE)
    const alive = await livingRunners(call, some)
    const due = some.filter(({ record }) => record.keep !== undefined || !alive.has(record.runner.uid))
    return removeRecorded(call, due, places, AbortSignal.timeout(SWEEP_MS))
  })
  // It is not this job's image, nor its author's concern.
  for (const problem of problems) call.note(`Sweeping: ${problem}`)
}

/**
 * Removes images and then their records. A record stays for a later try when its registry did not answer, for a day.
 *
 * @returns what was not removed, as sentences
 */
async function removeRecorded(
  call: Call,
  records: readonly KnownImage[],
  places: readonly Place[],
  signal: AbortSignal = AbortSignal.timeout(SWEEP_MS)
): Promise<string[]> {
  // Each request listens to it, and there may be many at once.
  setMaxListeners(0, signal)
  const images = new Map<string, ImageRecord['images'][number]>()
  // An interrupted build may have two records of one image; the one with the digest knows more.
  for (const image of records.flatMap(({ record }) => record.images)) {
    if (image.digest !== undefined || !images.has(image.pushRef)) images.set(image.pushRef, image)
  }
  const outcomes = await Promise.all([...images.values()].map(async image => remove(image, places, signal)))
  const postponed = new Set(outcomes.flatMap(({ pushRef, again }) => (again ? [pushRef] : [])))
  const done = records.filter(({ record, createdMs }) => {
    const isGivenUp = endMs(record, createdMs) + GIVEN_UP_MS < Date.now()
    return isGivenUp || !record.images.some(({ pushRef }) => postponed.has(pushRef))
  })
  await Promise.all(done.map(async ({ name }) => call.kube.delete('secrets', name, REMOVAL)))
  return outcomes.flatMap(({ problem }) => problem ?? [])
}

interface Outcome {
  readonly pushRef: string
  readonly problem?: string
  /** Whether a later try may go well. */
  readonly again: boolean
}

async function remove(
  image: ImageRecord['images'][number],
  places: readonly Place[],
  signal: AbortSignal
): Promise<Outcome> {
  const { pushRef } = image
  const stays = (why: string): string => `the image ${pushRef} stays: ${why}`
  const place = places.find(({ destination }) => destination.owns(pushRef))
  if (place === undefined) {
    return { pushRef, again: false, problem: stays('the settings do not name its registry any more') }
  }
  try {
    const removal = await place.destination.remove(image, signal)
    const again = removal.result === 'refused' && removal.passing
    return { pushRef, again, ...('why' in removal ? { problem: stays(removal.why) } : {}) }
  } catch (error) {
    if (!signal.aborted) throw error
    return { pushRef, again: true, problem: stays(`${place.destination.name} did not answer in time`) }
  }
}

/** What can be told without asking anybody. */
function mayBeDue(call: Cluster & Configuration, { record, createdMs }: KnownImage): boolean {
  const now = Date.now()
  if (record.keep !== undefined) {
    const grace = EXPIRY_GRACE_MS + call.settings.prepareTimeoutMs
    return record.keep.until !== undefined && Date.parse(record.keep.until) + grace < now
  }
  // Pods of another namespace cannot be asked for, and a runner that is not seen is not gone.
  return createdMs + ORPHAN_AGE_MS < now && record.runner.namespace === call.runnerKube.namespace
}

/** UIDs of the runners that are still there, of those on whom a record depends. */
async function livingRunners({ runnerKube }: Cluster, records: readonly KnownImage[]): Promise<ReadonlySet<string>> {
  const names = new Set(records.flatMap(({ record }) => (record.keep === undefined ? record.runner.pod : [])))
  const pods = await Promise.all(
    [...names].map(async name =>
      runnerKube.get('pods', name).catch((error: unknown) => {
        if (!isKubeError(error, 'NOT_FOUND')) throw error
      })
    )
  )
  return new Set(pods.flatMap(pod => pod?.metadata?.uid ?? []))
}

/** From when on an image has been of no use. */
function endMs({ keep }: ImageRecord, createdMs: number): number {
  return keep?.until === undefined ? createdMs : Date.parse(keep.until)
}

async function reportFailures(work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work()
  } catch (error) {
    return [`images may stay in the registry: ${messageOf(error)}`]
  }
}
