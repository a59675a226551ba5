import { randomUUID as uuid } from 'node:crypto'

import { BuildError, type BaseAccess, type BuildRequest, type BuiltImage } from '@kaniko-hooks/builder'
import type { Context, Target } from '@kaniko-hooks/builder'

import type { Call, Report } from '../job/call.js'
import type { Job } from '../job/open-job.js'
import { messageOf, redact } from '../report/errors.js'
import { printFirst } from '../report/print-first.js'
import { seconds } from '../report/seconds.js'
import { quotedGroup, warningCommand } from '../report/workflow-commands.js'
import { milliseconds } from '../settings/duration.js'
import { REMOVAL } from '../steps/removal.js'
import { withBaseAccess } from './bases/base-access.js'
import type { Place } from './destinations/place.js'
import { jobOf, keepFor } from './records/kept-image.js'
import { writeRecord, type ImageRecord } from './records/record.js'
import type { Scope } from './records/scope.js'
import type { Foundation, Wanted } from './wanted.js'

/** For a registry's answer before a build. */
const PROBE_MS = 10_000

/** An image that is to be pushed: what is remembered of it before. */
export type Intent = Omit<ImageRecord, 'version' | 'runner'>

/** Builds an image and records it. */
export async function buildImage(
  call: Call,
  { owner }: Job,
  wanted: Wanted,
  { bases, key, sharing }: Foundation
): Promise<BuiltImage> {
  const handle = newHandle(key)
  const intent = intentOf(call, wanted, key, handle)
  // Noted before anything can be pushed: a hook that is killed in mid-build leaves an image that cleanup_job finds.
  const name = await writeRecord(call.kube, owner, intent, call.runnerKube.namespace)
  const image = await withBaseAccess(call, owner, bases, async access =>
    inGroup(call, wanted, async log =>
      wanted.engine.build(requestOf(call, wanted, { handle, access, log }), call.cancelled)
    )
  )
  await recordBuilt(call, { owner }, { name, intent }, image.digest, sharing)
  return image
}

/** Names a build. */
export function newHandle(key: string): string {
  return `${key.slice(0, 12)}-${uuid().slice(0, 8)}`
}

export function intentOf(call: Call, wanted: Wanted, key: string, handle: string): Intent {
  const images = targetsOf(wanted, handle).map(({ pushRef }) => ({ pushRef }))
  return { key, contentKey: wanted.contentKey, job: jobOf(call), images }
}

/** What the engine is asked for. The same parts give the same request in each process of a job. */
export function requestOf(
  call: Call,
  wanted: Wanted,
  { handle, access, log }: { readonly handle: string; readonly access: BaseAccess; readonly log: BuildRequest['log'] }
): BuildRequest {
  const { build } = call.settings
  return {
    context: wanted.context,
    handle,
    targets: targetsOf(wanted, handle),
    bases: access,
    buildArgs: wanted.buildArgs,
    timeoutMs: milliseconds(build.timeout),
    pushTimeoutMs: milliseconds(build.pushTimeout),
    // A registry may quote what it was shown.
    log: line => log(redact(line, [...call.secrets]))
  }
}

/** Does what gives a build's log, in a group of its own. */
export async function inGroup<T>(
  call: Call,
  { title, context }: Wanted,
  work: (log: (line: string) => void) => Promise<T>
): Promise<T> {
  const start = Date.now()
  // Outside of the group, whose lines the runner does not obey.
  printFirst(
    call.print,
    context.warnings.map(warning => warningCommand(`${title}: ${warning}`))
  )
  return quotedGroup(`Build ${title}`, call.print, async print => {
    printContext(print, context)
    if (call.settings.build.showDockerfile) printDockerfile(print, context)
    return work(print)
  }).catch((error: unknown) => {
    call.print(`Failed after ${seconds(Date.now() - start)}`)
    throw error
  })
}

/** Replaces the note of an image by the record of what was built. */
export async function recordBuilt(
  call: Call,
  { owner }: Pick<Job, 'owner'>,
  noted: { readonly name: string; readonly intent: Intent },
  digest: string,
  sharing: Scope | undefined
): Promise<void> {
  const { kube } = call
  const { key, contentKey, job } = noted.intent
  const keep = keepFor(call, sharing)
  const images = noted.intent.images.map(({ pushRef }) => ({ pushRef, digest }))
  const built = { key, contentKey, job, images, ...(keep === undefined ? {} : { keep }) }
  await writeRecord(kube, owner, built, call.runnerKube.namespace)
  // It is known to be of no use when it stays.
  await kube.delete('secrets', noted.name, REMOVAL).catch((error: unknown) => call.note(messageOf(error)))
}

/** Whether a registry would take a push, before a pod starts in vain. What is only doubtful is a line of the log. */
export async function probeDestination(call: Call, { destination }: Place): Promise<void> {
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

function targetsOf({ places }: Wanted, handle: string): [Target, ...Target[]] {
  return places.map(({ destination }) => destination.target(handle)) as [Target, ...Target[]]
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

export function printPhases(report: Report, { phases }: BuiltImage, pullRef: string): void {
  report.phase('build', phases.buildMs)
  report.phase('push', phases.pushMs)
  report.print(
    `Built in ${seconds(phases.podMs + phases.contextMs + phases.buildMs)} ` +
      `(pod ${seconds(phases.podMs)}, context ${seconds(phases.contextMs)}, instructions ${seconds(phases.buildMs)})`
  )
  report.print(`Pushed in ${seconds(phases.pushMs)}: ${pullRef}`)
}
