import type { Call } from '../call.js'
import { messageOf } from '../errors.js'
import { milliseconds } from '../settings/duration.js'
import type { Place } from './places.js'
import { recordsOfKey, type ImageRecord, type KnownImage } from './record.js'
import type { Scope } from './scope.js'

/** An image that need not be built. */
export interface KeptImage {
  readonly pullRef: string
  /** For the log: where it comes from. */
  readonly origin: string
}

/**
 * Looks for an image of this key: one that this job built, or one that another job of a readable scope kept. A digest is
 * trusted only from a record; that a tag of the right name exists says nothing, since job pods can push to an open
 * registry. An image of another job is asked for in the registry before it is used.
 */
export async function keptImage(
  call: Call,
  key: string,
  scope: Scope | undefined,
  [place]: readonly [Place, ...Place[]]
): Promise<KeptImage | undefined> {
  const records = (await recordsOfKey(call.kube, key)).filter(({ record }) => record.key === key)
  const own = records.find(({ record }) => isOfThisJob(call, record) && record.pullRef !== undefined)
  if (own?.record.pullRef !== undefined) {
    return { pullRef: own.record.pullRef, origin: 'was built earlier in this job' }
  }
  if (scope === undefined || call.settings.image.keep === 'delete') return undefined
  for (const known of records.filter(({ record }) => isUsable(record, scope))) {
    const pullRef = await stillThere(call, known, place)
    if (pullRef !== undefined) return { pullRef, origin: `was kept by ${known.record.job}` }
  }
  return undefined
}

/** Until when an image that is built now is kept; undefined when it goes with its job. */
export function keepFor(call: Call, scope: Scope | undefined): ImageRecord['keep'] {
  const { keep } = call.settings.image
  if (keep === 'delete' || scope === undefined) return undefined
  if (keep === 'forever') return { scope: scope.own }
  return { scope: scope.own, until: new Date(Date.now() + milliseconds(keep)).toISOString() }
}

/** Names the job, for records. */
export function jobOf({ environment: { repository, runId, job } }: Call): string {
  return `${repository ?? 'unknown'} run ${runId ?? 'unknown'} job ${job ?? 'unknown'}`
}

export function isOfThisJob(call: Call, record: ImageRecord): boolean {
  return record.runner.pod === call.settings.runnerPod && record.job === jobOf(call)
}

function isUsable({ keep, pullRef }: ImageRecord, scope: Scope): boolean {
  if (keep === undefined || pullRef === undefined || !scope.readable.includes(keep.scope)) return false
  return keep.until === undefined || Date.parse(keep.until) > Date.now()
}

async function stillThere(call: Call, { name, record }: KnownImage, place: Place): Promise<string | undefined> {
  const [image] = record.images
  // The settings may have changed since.
  if (image === undefined || !place.destination.owns(image.pushRef)) return undefined
  try {
    if (await place.destination.has(image, call.cancelled)) return record.pullRef
    // Somebody removed it from the registry.
    await call.kube.delete('secrets', name)
  } catch (error) {
    if (call.cancelled.aborted) throw error
    call.print(`The kept image ${image.pushRef} cannot be used: ${messageOf(error)}`)
  }
  return undefined
}
