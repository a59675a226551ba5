import type { Destination, Target } from '@kaniko-hooks/builder'
import type { ImageFacts } from '@kaniko-hooks/registry'

import { STEPS } from '../images/connector/connector-use.js'
import { connectorPlace } from '../images/destinations/connector-place.js'
import type { Place } from '../images/destinations/place.js'
import { remotePlace } from '../images/destinations/registry-place.js'
import type { Call } from '../job/call.js'
import type { Destined } from './destinations.js'

/** For a registry's word on the image, which is no part of a build: a runner need not reach what a build pod reaches. */
const FACTS_MS = 3_000

/** A repository as an engine is told of it. */
export interface PushPlace {
  /** Without the credential of a request, which exists as long as the build. */
  readonly target: Target
  readonly isOwn: boolean
  /** Who tells of the image afterwards. Absent where only the request names the registry (docs/adrs/0023). */
  readonly destination?: Destination
}

/**
 * Looks up what the pushes of a request need; a pod that mounts a Secret which is missing would wait without a word.
 *
 * @throws HookError SETTING that names what is missing, BuildError from a connector that is not ready
 */
export async function openPushPlaces(call: Call, destined: readonly Destined[]): Promise<PushPlace[]> {
  return Promise.all(
    destined.map(async one => {
      const { tags, allowed, isOwn } = one
      const [first, ...more] = tags
      const { destination } = await placeOf(call, one)
      const target = { ...destination.target(first), tags: more }
      return { target, isOwn, ...(allowed === undefined ? {} : { destination }) }
    })
  )
}

async function placeOf(call: Call, { reference, allowed, isOwn }: Destined): Promise<Place> {
  const { domain, repository } = reference
  const { connector, pushSecret, ca, plainHttp = false } = allowed ?? {}
  if (connector === undefined || isOwn) {
    return remotePlace(call, {
      repository: `${domain}/${repository}`,
      ...{ plainHttp, ca, pushSecret: isOwn ? undefined : pushSecret, pullSecret: undefined }
    })
  }
  const { proxy, registry = proxy === 'forward' ? domain : undefined } = connector
  // Nobody pulls by it.
  const settings = { ...connector, repository, registry, pullAddress: domain, pullSecret: undefined }
  return connectorPlace(call, settings, STEPS)
}

/** The targets of a build, with the credential of the request where that is what pushes. */
export function targetsOf(places: readonly PushPlace[], ownSecret: string | undefined): Target[] {
  return places.map(({ target, isOwn }) =>
    isOwn && ownSecret !== undefined ? { ...target, access: { kind: 'docker-config', secret: ownSecret } } : target
  )
}

/** What the first registry that answers tells of an image. Never throws: the image is there. */
export async function askFacts(places: readonly PushPlace[], digest: string): Promise<ImageFacts> {
  const signal = AbortSignal.timeout(FACTS_MS)
  for (const { destination } of places) {
    const facts = await destination?.facts(digest, signal).catch(() => undefined)
    if (facts?.imageId !== undefined) return facts
  }
  return {}
}
