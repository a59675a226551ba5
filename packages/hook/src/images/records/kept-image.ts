import type { Call, Cluster, Configuration } from '../../job/call.js'
import { messageOf } from '../../report/errors.js'
import { milliseconds } from '../../settings/duration.js'
import type { Place } from '../destinations/place.js'
import { recordsOfKey, recordsOfRunner, type ImageRecord, type KnownImage } from './record.js'
import type { Scope } from './scope.js'

/** For the registry's answer about one image. To build anew is better than to wait for a registry that is silent. */
const ANSWER_MS = 5_000

/** What this job has built or begun to build, in this attempt of its run. */
export async function builtInThisJob(call: Cluster & Configuration, runnerUid: string): Promise<KnownImage[]> {
  const records = await recordsOfRunner(call.kube, call.settings.runnerPod)
  const job = jobOf(call)
  return records.filter(({ record }) => record.job === job && record.runner.uid === runnerUid)
}

/**
 * The digest of an image of this job, which needs no question to the registry.
 *
 * @param contentKey the key without base images: pre, main and post of one action have one image, whatever a name stands
 *   for by then
 */
export function ownDigest(records: readonly KnownImage[], contentKey: string): string | undefined {
  const found = records.find(({ record }) => record.contentKey === contentKey && isBuilt(record) && !hasExpired(record))
  return found?.record.images[0]?.digest
}

/**
 * Looks for an image of this key that another job of a readable scope kept. A digest is trusted only from a record; that a
 * tag of the right name exists says nothing, since job pods can push to an open registry. The registry is asked whether
 * it still has that digest. What it answers is no reason to remove anything: only an image's end is.
 *
 * @returns the digest
 */
export async function keptDigest(
  call: Call,
  key: string,
  scope: Scope,
  places: readonly [Place, ...Place[]]
): Promise<string | undefined> {
  const [{ destination }] = places
  const usable = (await recordsOfKey(call.kube, key)).filter(({ record }) => {
    const [image] = record.images
    // The settings may have changed since.
    return record.key === key && isUsable(record, scope) && image !== undefined && destination.owns(image.pushRef)
  })
  // The one that is good for longest first: it is the last to be swept.
  for (const known of usable.sort((a, b) => endOf(b) - endOf(a))) {
    const [image] = known.record.images
    if (image === undefined) continue
    try {
      if (await destination.has(image, AbortSignal.any([call.cancelled, AbortSignal.timeout(ANSWER_MS)]))) {
        return image.digest
      }
      // No reason to remove its record, which others use: many registries say of what one may not see that it is not there.
      call.print(`The kept image ${image.pushRef} is not used: its registry has it no more, or does not show it here.`)
    } catch (error) {
      if (call.cancelled.aborted) throw error
      call.print(`The kept image ${image.pushRef} cannot be used: ${messageOf(error)}`)
      return undefined
    }
  }
  return undefined
}

/** Until when an image that is built now is kept; undefined when it goes with its job. */
export function keepFor(call: Configuration, scope: Scope | undefined): ImageRecord['keep'] {
  const { keep } = call.settings.image
  if (keep === 'delete' || scope === undefined) return undefined
  if (keep === 'forever') return { scope: scope.own }
  return { scope: scope.own, until: new Date(Date.now() + milliseconds(keep)).toISOString() }
}

/** Names the job, for records. */
export function jobOf({ environment: { repository, runId, runAttempt, job } }: Configuration): string {
  return `${repository ?? 'unknown'} run ${runId ?? 'unknown'}.${runAttempt ?? '1'} job ${job ?? 'unknown'}`
}

function isBuilt({ images }: ImageRecord): boolean {
  return images[0]?.digest !== undefined
}

function hasExpired({ keep }: ImageRecord): boolean {
  return keep?.until !== undefined && !(Date.parse(keep.until) > Date.now())
}

function isUsable(record: ImageRecord, scope: Scope): boolean {
  const { keep } = record
  return keep !== undefined && isBuilt(record) && scope.readable.includes(keep.scope) && !hasExpired(record)
}

function endOf({ record }: KnownImage): number {
  return record.keep?.until === undefined ? Infinity : Date.parse(record.keep.until)
}
