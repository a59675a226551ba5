import { LostBuild } from '@kaniko-hooks/builder'

import type { Call } from '../../job/call.js'
import type { Job } from '../../job/open-job.js'
import type { Owner } from '../../pods/owner.js'
import { messageOf } from '../../report/errors.js'
import { seconds } from '../../report/seconds.js'
import { inGroup, recordBuilt, requestOf } from '../build-image.js'
import { writeRecord, type ImageRecord, type KnownImage } from '../records/record.js'
import type { Wanted } from '../wanted.js'

/** For the note that a build has failed. */
const FORGET_MS = 5_000

/**
 * Waits for the build of an image that began with the job, if one of the same content did, and records the image. The log is
 * shown from its first line, and the digest counts after an end that can be trusted.
 *
 * @param mine the records of this job
 * @returns the digest; undefined when no such build began, or it was taken away before its end: the image is built then
 * @throws BuildError as a build of the step itself would
 */
export async function followBegun(
  call: Call,
  { owner }: Job,
  wanted: Wanted,
  mine: readonly KnownImage[]
): Promise<string | undefined> {
  const found = mine.find(({ record }) => record.contentKey === wanted.contentKey && record.begun !== undefined)
  if (found?.record.begun === undefined) return undefined
  const { name, handle, shared, told } = found.record.begun
  const request = requestOf(call, wanted, { handle, access: {}, log: () => undefined })
  if (!isSame(found.record, request.targets)) return undefined

  told.forEach(line => call.print(line))
  const start = Date.now()
  const image = await inGroup(call, wanted, async log =>
    wanted.engine
      .follow(name, requestOf(call, wanted, { handle, access: {}, log }), call.cancelled)
      .catch(async (error: unknown) => {
        const { cause } = error as { readonly cause?: unknown }
        if (cause instanceof LostBuild) return cause
        await forgetBegun(call, owner, found)
        throw error
      })
  )
  if (image instanceof LostBuild) {
    call.print(
      `The build that began with the job did not come to its end (${image.message}); the image is built again.`
    )
    return undefined
  }
  const noted = { name: found.name, intent: found.record }
  await recordBuilt(call, { owner }, noted, image.digest, shared ? wanted.scope : undefined)
  const waited = Date.now() - start
  call.phase('build', waited)
  const { destination } = wanted.places[0]
  call.print(
    `Built since the job began; this step waited ${seconds(waited)} for it: ${destination.pullRef(image.digest)}`
  )
  return image.digest
}

/** The settings may have changed since. */
function isSame({ images }: ImageRecord, targets: readonly { readonly pushRef: string }[]): boolean {
  return images.map(({ pushRef }) => pushRef).join(' ') === targets.map(({ pushRef }) => pushRef).join(' ')
}

/** The next step that wants the image builds it, as after any build that failed; what was pushed is still noted. */
async function forgetBegun(
  { kube, runnerKube, cancelled, note }: Call,
  owner: Owner,
  known: KnownImage
): Promise<void> {
  const { begun: _, ...intent } = known.record
  const soon = AbortSignal.any([cancelled, AbortSignal.timeout(FORGET_MS)])
  try {
    await writeRecord(kube, owner, intent, runnerKube.namespace, soon)
    await kube.delete('secrets', known.name, { signal: soon })
  } catch (error) {
    note(messageOf(error))
  }
}
