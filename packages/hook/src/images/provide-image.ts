import { basename, dirname, relative } from 'node:path'

import {
  baseImages,
  BuildError,
  contextKey,
  readContext,
  refuseUnsupported,
  type BaseAccess,
  type BuildPodSettings,
  type BuiltImage,
  type Context,
  type Engine,
  type Target
} from '@kaniko-hooks/builder'
import { v4 as uuid } from 'uuid'

import type { Call, Configuration, Report } from '../job/call.js'
import type { Job } from '../job/open-job.js'
import { HookError, messageOf, redact } from '../report/errors.js'
import { milliseconds } from '../settings/duration.js'
import { printFirst } from '../report/print-first.js'
import { quotedGroup, warningCommand } from '../report/workflow-commands.js'
import { REMOVAL } from '../steps/removal.js'
import { seconds } from '../report/seconds.js'
import { withBaseAccess } from './bases/base-access.js'
import { digestsOf, openBases, type Bases } from './bases/bases.js'
import { buildArguments, engineOf, platform } from './engine.js'
import { builtInThisJob, jobOf, keepFor, keptDigest, ownDigest } from './records/kept-image.js'
import type { Place } from './destinations/place.js'
import { openPlaces } from './destinations/places.js'
import { writeRecord } from './records/record.js'
import { scopeOf, type Scope } from './records/scope.js'

/** For a registry's answer before a build. */
const PROBE_MS = 10_000

/** What a step's pod needs to run an image of ours. */
export interface PullableImage {
  /** By digest. */
  readonly pullRef: string
  /** Names of Secrets that are there. */
  readonly pullSecrets: readonly string[]
  /** Makes what a pull Secret of the step has to hold; see `Place`. */
  readonly pullConfig?: () => Promise<string>
}

/** What the action is made of, and where its image would be. */
interface Wanted {
  /** The Dockerfile as its author knows it. */
  readonly title: string
  readonly context: Context
  readonly buildArgs: Readonly<Record<string, string>>
  readonly engine: Engine
  /** Names the content; see `contextKey`. */
  readonly contentKey: string
  /** Names the content together with what its base images are now. */
  readonly keyWith: (bases: Readonly<Record<string, string>>) => string
  readonly scope: Scope | undefined
  readonly places: readonly [Place, ...Place[]]
}

/** What the image is built on. */
interface Foundation {
  readonly bases: Bases
  readonly key: string
  /** Who may share the image; undefined for nobody. */
  readonly sharing: Scope | undefined
}

/**
 * Provides the image of a container action that has a Dockerfile: builds it, or takes what was built before. The pre, main
 * and post of one action have one image, and so has the same action used twice; with a keep policy, other jobs have it too.
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

  const foundation = await identifyBases(call, wanted)
  const { key, sharing } = foundation
  const kept = sharing === undefined ? undefined : await keptDigest(call, key, sharing, wanted.places)
  if (kept !== undefined) return reuse(call, wanted, kept, 'was kept by an earlier job')

  refuseTooMany(call, mine.length)
  await Promise.all(wanted.places.map(async place => probeDestination(call, place)))
  return buildAndRecord(call, job, wanted, foundation)
}

async function identify(
  call: Call,
  dockerfile: string,
  means: Pick<Wanted, 'scope' | 'places' | 'engine'>
): Promise<Wanted> {
  const { environment, workDirectory, cancelled } = call
  const { engine } = means
  const read = await readContext(dirname(dockerfile), basename(dockerfile), {
    within: [workDirectory, ...(environment.actionCache === undefined ? [] : [environment.actionCache])],
    signal: cancelled
  })
  const target = platform()
  const { context, buildArgs, findings } = engine.prepare(read, target, buildArguments(call))
  refuseUnsupported(findings, dockerfile)
  const parts = { platform: `${target.os}/${target.architecture}`, engine: engine.identity, buildArgs }
  return {
    ...means,
    title: titleOf(call, dockerfile),
    context,
    buildArgs,
    contentKey: contextKey(context, parts),
    keyWith: bases => contextKey(context, { ...parts, bases })
  }
}

async function identifyBases(call: Call, wanted: Wanted): Promise<Foundation> {
  const { context, buildArgs, scope, places } = wanted
  const isKept = call.settings.image.keep !== 'delete'
  const references = baseImages(context.dockerfileText, buildArgs).map(({ reference }) => reference)
  const bases = await openBases(call, scope, references)
  const registries = places.map(place => place.destination.name)
  const digests = isKept ? await digestsOf(call, references, bases, registries) : {}
  return {
    bases,
    key: digests === undefined ? wanted.contentKey : wanted.keyWith(digests),
    // Without knowing what it is built on, an image is no other job's.
    sharing: isKept && digests !== undefined ? scope : undefined
  }
}

function reuse(report: Report, { title, places: [place] }: Wanted, digest: string, why: string): PullableImage {
  const image = pullable(place, digest)
  report.print(`The image of ${title} ${why}: ${image.pullRef}`)
  return image
}

function pullable({ destination, ...pulling }: Place, digest: string): PullableImage {
  return { pullRef: destination.pullRef(digest), ...pulling }
}

async function buildAndRecord(
  call: Call,
  { owner }: Job,
  { title, context, buildArgs, engine, contentKey, places }: Wanted,
  { bases, key, sharing }: Foundation
): Promise<PullableImage> {
  const { kube, settings } = call
  const handle = `${key.slice(0, 12)}-${uuid().slice(0, 8)}`
  const targets = places.map(place => place.destination.target(handle)) as [Target, ...Target[]]
  const record = { key, contentKey, job: jobOf(call), images: targets.map(({ pushRef }) => ({ pushRef })) }
  const { namespace } = call.runnerKube
  // Noted before anything can be pushed: a hook that is killed in mid-build leaves an image that cleanup_job finds.
  const intent = await writeRecord(kube, owner, record, namespace)
  const build = async (print: (line: string) => void, access: BaseAccess): Promise<BuiltImage> => {
    printContext(print, context)
    if (settings.build.showDockerfile) printDockerfile(print, context)
    const request = {
      context,
      handle,
      targets,
      buildArgs,
      timeoutMs: milliseconds(settings.build.timeout),
      pushTimeoutMs: milliseconds(settings.build.pushTimeout),
      // A registry may quote what it was shown.
      log: (line: string) => print(redact(line, [...call.secrets]))
    }
    return engine.build({ ...request, bases: access }, call.cancelled)
  }
  const start = Date.now()
  // Outside of the group, whose lines the runner does not obey.
  printFirst(
    call.print,
    context.warnings.map(warning => warningCommand(`${title}: ${warning}`))
  )
  const image = await withBaseAccess(call, owner, bases, async access =>
    quotedGroup(`Build ${title}`, call.print, async print => build(print, access))
  ).catch((error: unknown) => {
    call.print(`Failed after ${seconds(Date.now() - start)}`)
    throw error
  })
  const { digest } = image
  const keep = keepFor(call, sharing)
  const images = record.images.map(({ pushRef }) => ({ pushRef, digest }))
  await writeRecord(kube, owner, { ...record, images, ...(keep === undefined ? {} : { keep }) }, namespace)
  // It is known to be of no use when it stays.
  await kube.delete('secrets', intent, REMOVAL).catch((error: unknown) => call.note(messageOf(error)))
  const built = pullable(places[0], digest)
  printPhases(call, image, built.pullRef)
  return built
}

/** Whether a registry would take a push, before a pod starts in vain. What is only doubtful is a line of the log. */
async function probeDestination(call: Call, { destination }: Place): Promise<void> {
  try {
    const doubt = await destination.probe(AbortSignal.any([call.cancelled, AbortSignal.timeout(PROBE_MS)]))
    if (doubt !== undefined) call.print(doubt)
  } catch (error) {
    if (call.cancelled.aborted || !(error instanceof BuildError)) throw error
    // The builder may go by a proxy, where the hook cannot.
    const isOnlyHere =
      error.code === 'ABORTED' || (error.code === 'REGISTRY_UNREACHABLE' && call.settings.proxy !== undefined)
    if (!isOnlyHere) throw error
    call.print(`The runner cannot reach ${destination.name}; the build pod tries.`)
  }
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
function refuseTooMany({ settings }: Configuration, count: number): void {
  const limit = settings.build.maxPerJob
  if (count < limit) return
  const message = `This job has built ${count} images already, and the setting build.maxPerJob is ${limit}.`
  throw new HookError('SETTING', message)
}

/** The Dockerfile as its author knows it: below the workspace or the actions directory, not below the runner's home. */
function titleOf({ environment: { workspace }, workDirectory }: Configuration, dockerfile: string): string {
  const base = workspace !== undefined && dockerfile.startsWith(`${workspace}/`) ? workspace : workDirectory
  return relative(base, dockerfile)
}

function printContext(print: (line: string) => void, context: Context): void {
  const files = context.entries.filter(({ kind }) => kind === 'file').length
  print(`Context: ${files} ${files === 1 ? 'file' : 'files'}`)
}

/** As the builder gets it. Lines that were left out are not shown. */
function printDockerfile(print: (line: string) => void, { dockerfile, dockerfileText }: Context): void {
  print(`${dockerfile} as it is sent to the builder:`)
  for (const [index, line] of dockerfileText.split('\n').entries()) {
    if (line.trim() !== '') print(`${String(index + 1).padStart(5)}  ${line.trimEnd()}`)
  }
}

function printPhases(report: Report, { phases }: BuiltImage, pullRef: string): void {
  report.phase('build', phases.buildMs)
  report.phase('push', phases.pushMs)
  report.print(
    `Built in ${seconds(phases.podMs + phases.contextMs + phases.buildMs)} ` +
      `(pod ${seconds(phases.podMs)}, context ${seconds(phases.contextMs)}, instructions ${seconds(phases.buildMs)})`
  )
  report.print(`Pushed in ${seconds(phases.pushMs)}: ${pullRef}`)
}
