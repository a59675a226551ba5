import { basename, dirname, relative } from 'node:path'

import {
  baseDigests,
  baseImages,
  BuildError,
  contextKey,
  readContext,
  type BuildPodSettings,
  type BuiltImage,
  type Context,
  type Finding,
  type Target
} from '@kaniko-hooks/build'
import { v4 as uuid } from 'uuid'

import type { Call } from '../call.js'
import { HookError } from '../errors.js'
import { buildName } from '../pods/names.js'
import { quotedGroup, type Line } from '../protocol/workflow-commands.js'
import { ownerOf, type Runner } from '../runner-pod.js'
import { seconds } from '../seconds.js'
import { architecture, buildArguments, engineOf } from './engine.js'
import { isOfThisJob, jobOf, keepFor, keptImage } from './kept-image.js'
import { openPlaces } from './places.js'
import { recordsOfRunner, writeRecord } from './record.js'
import { scopeOf } from './scope.js'

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
  const places = await openPlaces(call)
  const [{ destination: _, ...pulling }] = places
  const scope = scopeOf(call.environment, settings.image.scope)
  const engine = engineOf(call, runner, scope, template)
  const context = await readContext(dirname(dockerfile), basename(dockerfile))
  refuseUnsupported(engine.check(context.dockerfileText), dockerfile)
  const buildArgs = buildArguments(call)
  const bases = await basesOf(call, context, buildArgs)
  const key = contextKey(context, { platform: `linux/${architecture()}`, engine: engine.identity, buildArgs, bases })

  const kept = await keptImage(call, key, scope, places)
  if (kept !== undefined) {
    call.print(`The image of ${titleOf(call, dockerfile)} ${kept.origin}: ${kept.pullRef}`)
    return { pullRef: kept.pullRef, ...pulling }
  }
  await refuseTooMany(call)
  const doubts = await Promise.all(places.map(async ({ destination }) => destination.probe(call.cancelled)))
  for (const doubt of doubts) if (doubt !== undefined) call.print(doubt)

  const handle = `${key.slice(0, 12)}-${uuid().slice(0, 8)}`
  const targets = places.map(({ destination }) => destination.target(handle)) as [Target, ...Target[]]
  const owner = ownerOf(call, runner)
  const record = { key, job: jobOf(call), images: targets.map(({ pushRef }) => ({ pushRef })) }
  // Noted before anything can be pushed: a hook that is killed in mid-build leaves an image that cleanup_job finds.
  const intent = await writeRecord(kube, owner, record)
  const image = await quotedGroup(`Build ${titleOf(call, dockerfile)}`, call.print, async print => {
    printContext(print, context)
    return engine.build(
      {
        context,
        handle,
        targets,
        buildArgs,
        podName: buildName(settings.runnerPod),
        timeoutMs: settings.kaniko.timeoutSeconds * 1000,
        pushTimeoutMs: settings.kaniko.pushTimeoutSeconds * 1000,
        log: print
      },
      call.cancelled
    )
  })
  const { digest, pullRef } = image
  const keep = keepFor(call, scope)
  await writeRecord(kube, owner, {
    ...record,
    images: record.images.map(({ pushRef }) => ({ pushRef, digest })),
    pullRef,
    ...(keep === undefined ? {} : { keep })
  })
  await kube.delete('secrets', intent)
  printPhases(call, image)
  return { pullRef, ...pulling }
}

/** Some instructions would be dropped by the configured Kaniko without a word; the user must hear of it before a pod starts. */
function refuseUnsupported(findings: readonly Finding[], dockerfile: string): void {
  if (findings.length === 0) return
  const sentences = findings.map(
    ({ line, instruction, problem, advice }) => `line ${line} (${instruction}): ${problem}. ${advice}`
  )
  throw new BuildError('DOCKERFILE_UNSUPPORTED', `${basename(dockerfile)} cannot be built here: ${sentences.join(' ')}`)
}

/** An image that is kept must not outlive what it was built on; one that goes with its job has no time to. */
async function basesOf(
  call: Call,
  { dockerfileText }: Context,
  buildArgs: Readonly<Record<string, string>>
): Promise<Record<string, string>> {
  if (call.settings.image.keep === 'delete') return {}
  const names = baseImages(dockerfileText, buildArgs).map(({ reference }) => reference)
  return baseDigests(names, call.settings.kaniko, call.cancelled)
}

/** A matrix of generated actions must not fill a registry. */
async function refuseTooMany(call: Call): Promise<void> {
  const limit = call.settings.kaniko.maxBuildsPerJob
  const built = (await recordsOfRunner(call.kube, call.settings.runnerPod)).filter(({ record }) => {
    return isOfThisJob(call, record)
  })
  if (built.length < limit) return
  const message = `This job has built ${built.length} images already, and the setting kaniko.maxBuildsPerJob is ${limit}.`
  throw new HookError('SETTING', 'configuration', message)
}

/** The Dockerfile as its author knows it: below the workspace or the actions directory, not below the runner's home. */
function titleOf(call: Call, dockerfile: string): string {
  const workspace = call.environment.workspace
  const base = workspace !== undefined && dockerfile.startsWith(`${workspace}/`) ? workspace : call.workDirectory
  return relative(base, dockerfile)
}

function printContext(print: Line, context: Context): void {
  const files = context.entries.filter(({ kind }) => kind === 'file').length
  print(`Context: ${files} ${files === 1 ? 'file' : 'files'}`)
  for (const warning of context.warnings) print(`Warning: ${warning}`)
}

function printPhases(call: Call, { phases, pullRef }: BuiltImage): void {
  call.phase('build', phases.buildMs)
  call.phase('push', phases.pushMs)
  call.print(
    `Built in ${seconds(phases.podMs + phases.contextMs + phases.buildMs)} ` +
      `(pod ${seconds(phases.podMs)}, context ${seconds(phases.contextMs)}, instructions ${seconds(phases.buildMs)})`
  )
  call.print(`Pushed in ${seconds(phases.pushMs)}: ${pullRef}`)
}
