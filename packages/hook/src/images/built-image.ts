import { basename, dirname, relative } from 'node:path'

import {
  baseImages,
  BuildError,
  contextKey,
  readContext,
  type BaseAccess,
  type BuildPodSettings,
  type BuiltImage,
  type Context,
  type Finding,
  type Target
} from '@kaniko-hooks/builder'
import { v4 as uuid } from 'uuid'

import type { Call } from '../job/call.js'
import { HookError, messageOf, redact } from '../report/errors.js'
import { buildName } from '../pods/names.js'
import { quotedGroup } from '../report/workflow-commands.js'
import { REMOVAL } from '../steps/removal.js'
import { ownerOf, type Runner } from '../job/runner-pod.js'
import { seconds } from '../report/seconds.js'
import { withBaseAccess } from './bases/base-access.js'
import { digestsOf, openBases } from './bases/bases.js'
import { buildArguments, engineOf, platform } from './engine.js'
import { builtInThisJob, jobOf, keepFor, keptDigest, ownDigest } from './records/kept-image.js'
import { openPlaces, type Place } from './destinations/places.js'
import { writeRecord } from './records/record.js'
import { scopeOf } from './records/scope.js'

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

/**
 * The image of a container action that has a Dockerfile: built now, or taken from what was built before. The pre, main
 * and post of one action have one image, and so has the same action used twice; with a keep policy, other jobs have it too.
 *
 * @param dockerfile absolute path on the runner; its directory is the context
 * @param template the hook template's entry for build pods
 */
export async function builtImage(
  call: Call,
  runner: Runner,
  dockerfile: string,
  template: BuildPodSettings
): Promise<PullableImage> {
  const { kube, settings } = call
  refuseLentAccount(call, template)
  const places = await openPlaces(call)
  const [{ destination, ...pulling }] = places
  const pullable = (digest: string): PullableImage => ({ pullRef: destination.pullRef(digest), ...pulling })
  const scope = scopeOf(call.environment, settings.image.scope)
  const engine = await engineOf(call, runner, scope, template)
  const read = await readContext(dirname(dockerfile), basename(dockerfile), {
    within: [call.workDirectory, ...(call.environment.actionCache === undefined ? [] : [call.environment.actionCache])],
    signal: call.cancelled
  })
  const target = platform()
  const { context, buildArgs, findings } = engine.prepare(read, target, buildArguments(call))
  refuseUnsupported(findings, dockerfile)
  const parts = { platform: `${target.os}/${target.architecture}`, engine: engine.identity, buildArgs }
  const contentKey = contextKey(context, parts)
  const mine = await builtInThisJob(call, runner.uid)
  const own = ownDigest(mine, contentKey)
  if (own !== undefined) return told(call, pullable(own), `${titleOf(call, dockerfile)} was built earlier in this job`)

  const references = baseImages(context.dockerfileText, buildArgs).map(({ reference }) => reference)
  const bases = await openBases(call, scope, references)
  const registries = places.map(place => place.destination.name)
  const digests = settings.image.keep === 'delete' ? {} : await digestsOf(call, references, bases, registries)
  const key = digests === undefined ? contentKey : contextKey(context, { ...parts, bases: digests })
  // Without knowing what it is built on, an image is no other job's.
  const sharing = settings.image.keep === 'delete' || digests === undefined ? undefined : scope
  const kept = sharing === undefined ? undefined : await keptDigest(call, key, sharing, places)
  if (kept !== undefined) return told(call, pullable(kept), `${titleOf(call, dockerfile)} was kept by an earlier job`)

  refuseTooMany(call, mine.length)
  await Promise.all(places.map(async place => askedFirst(call, place)))
  const handle = `${key.slice(0, 12)}-${uuid().slice(0, 8)}`
  const targets = places.map(place => place.destination.target(handle)) as [Target, ...Target[]]
  const owner = ownerOf(call, runner)
  const record = { key, contentKey, job: jobOf(call), images: targets.map(({ pushRef }) => ({ pushRef })) }
  const { namespace } = call.runnerKube
  // Noted before anything can be pushed: a hook that is killed in mid-build leaves an image that cleanup_job finds.
  const intent = await writeRecord(kube, owner, record, namespace)
  const build = async (print: (line: string) => void, access: BaseAccess): Promise<BuiltImage> => {
    printContext(print, context)
    const request = {
      context,
      handle,
      targets,
      buildArgs,
      podName: buildName(settings.runnerPod),
      timeoutMs: settings.kaniko.timeoutSeconds * 1000,
      pushTimeoutMs: settings.kaniko.pushTimeoutSeconds * 1000,
      // A registry may quote what it was shown.
      log: (line: string) => print(redact(line, [...call.secrets]))
    }
    return engine.build({ ...request, bases: access }, call.cancelled)
  }
  const start = Date.now()
  // Outside of the group, whose lines the runner does not obey: it may have a warning.
  const image = await withBaseAccess(call, owner, bases, async access =>
    quotedGroup(`Build ${titleOf(call, dockerfile)}`, call.print, async print => build(print, access))
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
  printPhases(call, image, destination.pullRef(digest))
  return pullable(digest)
}

function told(call: Call, image: PullableImage, what: string): PullableImage {
  call.print(`The image of ${what}: ${image.pullRef}`)
  return image
}

/** Whether a registry would take a push, before a pod starts in vain. What is only doubtful is a line of the log. */
async function askedFirst(call: Call, { destination }: Place): Promise<void> {
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

/** Some instructions would be dropped by the configured Kaniko without a word; the user must hear of it before a pod starts. */
function refuseUnsupported(findings: readonly Finding[], dockerfile: string): void {
  if (findings.length === 0) return
  const sentences = findings.map(
    ({ line, instruction, problem, advice }) => `line ${line} (${instruction}): ${problem}. ${advice}`
  )
  throw new BuildError('DOCKERFILE_UNSUPPORTED', `${basename(dockerfile)} cannot be built here: ${sentences.join(' ')}`)
}

/** A build pod pushes through a connector as the account that the template gives it; base images lend theirs to RUN lines. */
function refuseLentAccount({ settings }: Call, { serviceAccountName }: BuildPodSettings): void {
  if (!settings.kaniko.connectors.some(({ serviceAccount }) => serviceAccount === serviceAccountName)) return
  const message =
    `The hook template's entry $kaniko has the serviceAccountName ${serviceAccountName ?? ''}, which is also the account of ` +
    'kaniko.connectors in the settings: every RUN line of a build could read a token of the account of its pod. Make another one.'
  throw new HookError('SETTING', 'configuration', message)
}

/** A matrix of generated actions must not fill a registry. */
function refuseTooMany(call: Call, count: number): void {
  const limit = call.settings.kaniko.maxBuildsPerJob
  if (count < limit) return
  const message = `This job has built ${count} images already, and the setting kaniko.maxBuildsPerJob is ${limit}.`
  throw new HookError('SETTING', 'configuration', message)
}

/** The Dockerfile as its author knows it: below the workspace or the actions directory, not below the runner's home. */
function titleOf(call: Call, dockerfile: string): string {
  const workspace = call.environment.workspace
  const base = workspace !== undefined && dockerfile.startsWith(`${workspace}/`) ? workspace : call.workDirectory
  return relative(base, dockerfile)
}

function printContext(print: (line: string) => void, context: Context): void {
  const files = context.entries.filter(({ kind }) => kind === 'file').length
  print(`Context: ${files} ${files === 1 ? 'file' : 'files'}`)
  for (const warning of context.warnings) print(`Warning: ${warning}`)
}

function printPhases(call: Call, { phases }: BuiltImage, pullRef: string): void {
  call.phase('build', phases.buildMs)
  call.phase('push', phases.pushMs)
  call.print(
    `Built in ${seconds(phases.podMs + phases.contextMs + phases.buildMs)} ` +
      `(pod ${seconds(phases.podMs)}, context ${seconds(phases.contextMs)}, instructions ${seconds(phases.buildMs)})`
  )
  call.print(`Pushed in ${seconds(phases.pushMs)}: ${pullRef}`)
}
