import { arch } from 'node:os'
import { basename, dirname, relative } from 'node:path'

import {
  BuildError,
  contextKey,
  KanikoEngine,
  NodePortDestination,
  readContext,
  type BuiltImage,
  type Context,
  type Destination,
  type Finding
} from '@kaniko-hooks/build'
import { v4 as uuid } from 'uuid'

import type { Call } from './call.js'
import { messageOf } from './errors.js'
import { readRecords, writeRecord, type ImageRecord } from './image-record.js'
import { buildName } from './pods/names.js'
import { ownedBy, type Owner } from './pods/owner.js'
import { quotedGroup, type Line } from './protocol/workflow-commands.js'
import { ownerOf, type Runner } from './runner-pod.js'
import { seconds } from './seconds.js'

/**
 * The image of a container action that has a Dockerfile: built now, or taken from what this job built before. The
 * pre, main and post of one action have one image, and so has the same action used twice.
 *
 * @param dockerfile absolute path on the runner; its directory is the context
 * @returns what the kubelet pulls, by digest
 */
export async function builtImage(call: Call, runner: Runner, dockerfile: string): Promise<string> {
  const { kube, settings } = call
  const destination = destinationOf(call)
  const owner = ownerOf(call, runner)
  const engine = engineOf(call, runner, owner)
  const context = await readContext(dirname(dockerfile), basename(dockerfile))
  refuseUnsupported(engine.check(context.dockerfileText), dockerfile)
  const key = await contextKey(context, { platform: `linux/${architecture()}`, engine: engine.identity })

  const records = await readRecords(kube, settings.runnerPod)
  const before = [...records.values()].find(record => record.key === key && record.pullRef !== undefined)
  if (before?.pullRef !== undefined) {
    call.print(`The image of ${titleOf(call, dockerfile)} was built earlier in this job: ${before.pullRef}`)
    return before.pullRef
  }
  const doubt = await destination.probe(call.cancelled)
  if (doubt !== undefined) call.print(doubt)
  const target = destination.target(`${key.slice(0, 12)}-${uuid().slice(0, 8)}`)
  // Noted before anything can be pushed: a hook that is killed in mid-build leaves an image that cleanup_job finds.
  const intent = await writeRecord(kube, owner, { key, pushRef: target.pushRef })
  const image = await quotedGroup(`Build ${titleOf(call, dockerfile)}`, call.print, async print => {
    printContext(print, context)
    return engine.build(
      {
        context,
        target,
        podName: buildName(settings.runnerPod),
        timeoutMs: settings.kaniko.timeoutSeconds * 1000,
        log: print
      },
      call.cancelled
    )
  })
  const record: ImageRecord = { key, pushRef: target.pushRef, digest: image.digest, pullRef: image.pullRef }
  await writeRecord(kube, owner, record)
  await kube.delete('secrets', intent)
  printPhases(call, image)
  return image.pullRef
}

/**
 * Removes the images that this job built, or may have pushed, and their records. Call it when no pod of the job is left.
 *
 * @returns what the registry did not remove, as sentences
 */
export async function removeRecordedImages(call: Call): Promise<string[]> {
  try {
    const records = await readRecords(call.kube, call.settings.runnerPod)
    if (records.size === 0) return []
    const destination = destinationOf(call)
    const known = new Map([...records.values()].map(record => [record.pushRef, record]))
    for (const record of records.values()) if (record.digest !== undefined) known.set(record.pushRef, record)
    const removals = await Promise.all(
      [...known.values()].map(async ({ pushRef, digest }) => {
        const removal = await destination.remove({ pushRef, ...(digest === undefined ? {} : { digest }) })
        return 'why' in removal ? [`the image ${pushRef} stays: ${removal.why}`] : []
      })
    )
    await Promise.all([...records.keys()].map(async name => call.kube.delete('secrets', name)))
    return removals.flat()
  } catch (error) {
    return [`the job's images may stay in the registry: ${messageOf(error)}`]
  }
}

function destinationOf(call: Call): Destination {
  return new NodePortDestination(call.settings.registry())
}

function engineOf(call: Call, runner: Runner, owner: Owner): KanikoEngine {
  const { kube, settings } = call
  const { labels, annotations, ownerReferences } = ownedBy(owner, '')
  return new KanikoEngine(kube, {
    image: settings.kaniko.image,
    line: settings.kaniko.line,
    contextImage: runner.image,
    registryMirrors: settings.kaniko.registryMirrors,
    insecureRegistries: settings.kaniko.insecureRegistries,
    pod: {
      // The image is for the runner's platform; a cluster may have nodes of several.
      nodeSelector: { 'kubernetes.io/arch': architecture() },
      imagePullSecrets: runner.pullSecrets.map(name => ({ name })),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences })
    }
  })
}

/** Some instructions would be dropped by the configured Kaniko without a word; the user must hear of it before a pod starts. */
function refuseUnsupported(findings: readonly Finding[], dockerfile: string): void {
  if (findings.length === 0) return
  const sentences = findings.map(
    ({ line, instruction, problem, advice }) => `line ${line} (${instruction}): ${problem}. ${advice}`
  )
  throw new BuildError('DOCKERFILE_UNSUPPORTED', `${basename(dockerfile)} cannot be built here: ${sentences.join(' ')}`)
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

/** This machine's architecture, in the words of images and of Kubernetes. */
function architecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
  return names[arch()] ?? arch()
}
