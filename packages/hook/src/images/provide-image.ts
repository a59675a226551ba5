import type { BuildPodSettings } from '@kaniko-hooks/builder'

import type { Call, Configuration, Report } from '../job/call.js'
import type { Job } from '../job/open-job.js'
import { HookError } from '../report/errors.js'
import { buildImage, printPhases, probeDestination } from './build-image.js'
import type { Place } from './destinations/place.js'
import { openPlaces } from './destinations/places.js'
import { followBegun } from './early/follow-begun.js'
import { engineOf } from './engine.js'
import { builtInThisJob, keptDigest, ownDigest } from './records/kept-image.js'
import { scopeOf } from './records/scope.js'
import { identify, identifyBases, type Wanted } from './wanted.js'

/** What a step's pod needs to run an image of ours. */
export interface PullableImage {
  /** By digest. */
  readonly pullRef: string
  /** Names of Secrets that are there. */
  readonly pullSecrets: readonly string[]
  /** Makes what a pull Secret of the step has to hold; see `Place`. */
  readonly pullConfig?: () => Promise<string>
}

/**
 * Provides the image of a container action that has a Dockerfile: builds it, or takes what was built before. The pre, main
 * and post of one action have one image, and so has the same action used twice; with a keep policy, other jobs have it too. A
 * build that began with the job is waited for.
 *
 * @param dockerfile absolute path on the runner; its directory is the context
 * @param template the hook template's entry for build pods
 * @param openEngine gives the engine that builds
 */
export async function provideImage(
  call: Call,
  job: Job,
  dockerfile: string,
  template: BuildPodSettings,
  openEngine: typeof engineOf = engineOf
): Promise<PullableImage> {
  refuseLentAccount(call, template)
  const scope = scopeOf(call.environment, call.settings.image.scope)
  const places = await openPlaces(call)
  const engine = await openEngine(call, job, scope, template)
  const wanted = await identify(call, dockerfile, { scope, places, engine })
  const mine = await builtInThisJob(call, job.runner.uid)
  const own = ownDigest(mine, wanted.contentKey)
  if (own !== undefined) return reuse(call, wanted, own, 'was built earlier in this job')

  // What began with the job counts once a step wants it.
  const count = mine.filter(({ record }) => record.begun === undefined).length
  const isFull = count >= call.settings.build.maxPerJob
  const begun = isFull ? undefined : await followBegun(call, job, wanted, mine)
  if (begun !== undefined) return pullable(wanted.places[0], begun)

  const foundation = await identifyBases(call, wanted)
  const { key, sharing } = foundation
  const kept = sharing === undefined ? undefined : await keptDigest(call, key, sharing, wanted.places)
  if (kept !== undefined) return reuse(call, wanted, kept, 'was kept by an earlier job')

  if (isFull) refuseTooMany(call, count)
  await Promise.all(wanted.places.map(async place => probeDestination(call, place)))
  const image = await buildImage(call, job, wanted, foundation)
  const built = pullable(wanted.places[0], image.digest)
  printPhases(call, image, built.pullRef)
  return built
}

function reuse(report: Report, { title, places: [place] }: Wanted, digest: string, why: string): PullableImage {
  const image = pullable(place, digest)
  report.print(`The image of ${title} ${why}: ${image.pullRef}`)
  return image
}

function pullable({ destination, ...pulling }: Place, digest: string): PullableImage {
  return { pullRef: destination.pullRef(digest), ...pulling }
}

/** A build pod pushes through a connector as the account that the template gives it; base images lend theirs to RUN lines. */
export function refuseLentAccount({ settings }: Configuration, { serviceAccountName }: BuildPodSettings): void {
  if (!settings.build.connectors.some(({ serviceAccount }) => serviceAccount === serviceAccountName)) return
  const message =
    `The hook template's entry for builds ($build) has the serviceAccountName ${serviceAccountName ?? ''}, which is also the account of ` +
    'build.connectors in the settings: every RUN line of a build could read a token of the account of its pod. Make another one.'
  throw new HookError('SETTING', message)
}

/** A matrix of generated actions must not fill a registry. */
function refuseTooMany({ settings }: Configuration, count: number): never {
  const message = `This job has built ${count} images already, and the setting build.maxPerJob is ${settings.build.maxPerJob}.`
  throw new HookError('SETTING', message)
}
