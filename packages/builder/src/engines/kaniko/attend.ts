import {
  containerResult,
  followLog,
  hasEnded,
  type Kube,
  type V1Pod,
  waitForPod,
  type WaitOptions
} from '@kaniko-hooks/kube'
import { isDigest, parseReference } from '@kaniko-hooks/registry'
import { credentialOf, withOrigin } from '../../destinations/refusal.js'
import { BuildError } from '../../errors.js'
import type { BuildPhases, BuildRequest, BuiltImage } from '../engine.js'
import { fetchFiles } from '../pod/fetch-files.js'
import { FILES_CONTAINER, pushContainer } from '../pod/parts.js'
import { haveEnded, pushProblem, referencesOf, throwUnlessPushed } from '../pod/push-result.js'
import { listenForSilence } from '../pod/silence.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { cacheOf } from './args.js'
import type { KanikoLog } from './log.js'
import { KANIKO_CONTAINER, pushesApart } from './pod.js'
import { explainFailure, type FailedBuild } from './problem.js'
import type { KanikoSettings } from './settings.js'

/**
 * The first thing that Kaniko does is to ask the registry whether it may push, without a word. A registry that is
 * behind a silent firewall costs it several connect timeouts of half a minute; a job should hear of it earlier.
 */
const SILENCE_MS = 40_000

/** The pod's node, asked for a byte. */
const ANSWER_MS = 3_000

/** While a push goes on without a word. */
const STILL_PUSHING_MS = 30_000

/** Kaniko listens to no signal: Go's runtime ends a process that is told to with 2 (docs/notes/kaniko.md). */
const OWN_END = { trapsTerm: false } as const

/** One part of a build's life. */
export interface Run {
  readonly request: BuildRequest
  readonly kanikoLog: KanikoLog
  readonly progress: PodProgress
  /** Aborted by the caller, by the build's limit, and by `stop`. */
  readonly signal: AbortSignal
  /** Ends the build for the reason that it is given. */
  readonly stop: AbortController
  readonly wait: WaitOptions
}

interface Attended {
  readonly phases: BuildPhases
  /** Until Kaniko's container ran. */
  readonly startMs: number
}

/** How far the pod itself got. */
export interface PodProgress {
  hasBegun: boolean
  /** The last one that was told. */
  problem: string | undefined
}

/**
 * Sees a pod that has its context through to the end, in whatever state it is by now.
 *
 * @param known the pod as it was read just now
 * @returns times in milliseconds, of which those before are 0
 * @throws BuildError of the build's own end, KubeError of the pod's
 */
export async function attend(
  kube: Kube,
  settings: KanikoSettings,
  name: string,
  run: Run,
  known?: V1Pod
): Promise<Omit<BuiltImage, 'phases'> & Attended> {
  const { request, kanikoLog, signal, wait } = run
  const watch = new Stopwatch()
  await waitForPod(kube, name, 'running', { ...wait, known, container: KANIKO_CONTAINER })
  run.progress.hasBegun = true
  const startMs = watch.lap()
  const { pushingAt, seen } = await follow(kube, settings, name, run)
  // The kubelet writes the status when it gets to it; what counts is that it will.
  const ended = seen ?? (await waitForPod(kube, name, isOver, { signal, timeoutMs: request.timeoutMs }))
  const end = watch.now()
  const digest = readDigest(ended, failedBuild(request, kanikoLog))
  const pod = { podMs: 0, contextMs: 0 }
  if (!pushesApart(request)) {
    const pushMs = pushingAt === undefined ? 0 : end - pushingAt
    return { digest, startMs, phases: { ...pod, buildMs: watch.lap() - pushMs, pushMs } }
  }
  const buildMs = watch.lap()
  await fetchAll(kube, name, request, wait)
  await awaitPush(kube, name, request, digest, wait)
  return { digest, startMs, phases: { ...pod, buildMs, pushMs: watch.lap() } }
}

/** Brings the image's files to the caller. */
async function fetchAll(
  kube: Kube,
  podName: string,
  { files = [], log }: BuildRequest,
  wait: WaitOptions
): Promise<void> {
  if (files.length === 0) return
  await waitForPod(kube, podName, 'running', { ...wait, container: FILES_CONTAINER })
  const { signal = new AbortController().signal } = wait
  await fetchFiles(kube, podName, files, { signal, log })
}

/** Waits until every push container has ended, and reads of each whether its registry took the image. */
async function awaitPush(
  kube: Kube,
  podName: string,
  request: BuildRequest,
  digest: string,
  wait: WaitOptions
): Promise<void> {
  const { targets, log, pushTimeoutMs } = request
  if (targets.length === 0) return
  // Its image may have to be pulled first, which is no fault of the registry.
  for (const [index] of targets.entries()) {
    await waitForPod(kube, podName, 'running', { ...wait, container: pushContainer(index) })
  }
  const references = targets.flatMap(referencesOf)
  for (const reference of references) log(`Pushing ${reference}`)
  const start = performance.now()
  const limit = AbortSignal.timeout(pushTimeoutMs)
  const beat = setInterval(() => {
    log(`Still pushing after ${Math.round((performance.now() - start) / 1000)} s.`)
  }, STILL_PUSHING_MS)
  const signal = wait.signal === undefined ? limit : AbortSignal.any([wait.signal, limit])
  let last: V1Pod | undefined
  try {
    last = await waitForPod(kube, podName, pod => haveEnded(pod, targets.length, digest), {
      ...wait,
      signal,
      onPod: pod => (last = pod)
    })
  } catch (error) {
    if (last === undefined || !limit.aborted || wait.signal?.aborted === true) throw error
  } finally {
    clearInterval(beat)
  }
  const outcomes = targets.map(({ access, ...target }, index) => {
    const why = pushProblem(last, index, digest, pushTimeoutMs)
    return { ...target, why: why === undefined ? undefined : withOrigin(why, credentialOf(access)) }
  })
  throwUnlessPushed(outcomes)
  for (const reference of references) log(`Pushed ${reference}`)
}

/**
 * Follows Kaniko's log to its end. From its last words on, the end is looked for: the log tells it last. RUN can print such words
 * too, and then the pod is looked at in vain.
 *
 * @returns when the push began, and the pod if its end was seen
 */
async function follow(
  kube: Kube,
  settings: KanikoSettings,
  pod: string,
  { request, kanikoLog, signal, stop }: Run
): Promise<{ readonly pushingAt: number | undefined; readonly seen: V1Pod | undefined }> {
  const watch = new Stopwatch()
  let pushingAt: number | undefined
  let seen: V1Pod | undefined
  let isLooking = false
  const ended = new AbortController()
  const over = new AbortController()
  const lookForEnd = (): void => {
    if (isLooking) return
    isLooking = true
    const options = { signal: AbortSignal.any([signal, over.signal]), timeoutMs: request.timeoutMs }
    waitForPod(kube, pod, isOver, options).then(
      found => {
        seen = found
        ended.abort()
      },
      // Whoever waits for the log finds out.
      () => undefined
    )
  }
  let hung: NodeJS.Timeout | undefined
  // The first thing that is asked whether it takes a push.
  const first = request.targets[0]?.pushRef
  const pushed = pushesApart(request) ? cacheOf(request, settings)?.repository : first
  const reference = pushed ?? first
  // Without a push and a cache, it is a base image's.
  const domain = reference === undefined ? 'of a base image' : parseReference(reference).domain
  const silence = listenForSilence({
    ms: SILENCE_MS,
    canHear: () => answers(kube, pod, signal),
    onSilence: () => stop.abort(silent(`the registry ${domain} did not answer the build pod`, SILENCE_MS))
  })
  try {
    await followLog(
      kube,
      { pod, container: KANIKO_CONTAINER },
      line => {
        silence.end()
        const { lines, event } = kanikoLog.read(line)
        if (event?.kind === 'pushing') {
          pushingAt = watch.now()
          const why = silent(`the registry ${domain} did not take the image`, request.pushTimeoutMs)
          hung = setTimeout(() => stop.abort(why), request.pushTimeoutMs)
        }
        if (event?.kind === 'pushed' || event?.kind === 'left') lookForEnd()
        lines.forEach(shown => request.log(shown))
      },
      { signal, ended: ended.signal, onGap: message => request.log(message) }
    )
  } finally {
    over.abort()
    silence.end()
    clearTimeout(hung)
  }
  return { pushingAt, seen }
}

/** Whether the pod's node answers, so that silence is the pod's own. */
async function answers(kube: Kube, pod: string, signal: AbortSignal): Promise<boolean> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  return kube.awaitNode({ pod, container: KANIKO_CONTAINER }, { signal: soon }).then(
    () => true,
    () => false
  )
}

/** Kaniko's end is told a second before that of the pod, and of a good end no more is to be known. */
function isOver(pod: V1Pod): boolean {
  return containerResult(pod, KANIKO_CONTAINER, OWN_END).exitCode === 0 || hasEnded(pod, KANIKO_CONTAINER)
}

function readDigest(pod: V1Pod, build: Omit<FailedBuild, 'exitCode'>): string {
  const result = containerResult(pod, KANIKO_CONTAINER, OWN_END)
  if (!result.trustworthy) throw new BuildError('POD_FAILED', result.why ?? 'the build pod failed')
  if (result.exitCode !== 0) throw explainFailure({ ...build, exitCode: result.exitCode })
  // Kaniko writes it before it pushes: only together with exit code 0 does it mean anything.
  const digest = result.message?.trim() ?? ''
  if (isDigest(digest)) return digest
  throw new BuildError('POD_FAILED', `Kaniko ended well, but reported no digest (it said ${JSON.stringify(digest)})`)
}

function failedBuild(
  { context, targets, buildArgs = {}, bases = {} }: BuildRequest,
  { progress }: KanikoLog
): Omit<FailedBuild, 'exitCode'> {
  const { dockerfile, dockerfileText, authorText = dockerfileText } = context
  const { proxies = [] } = bases
  const [target] = targets
  const pushed = target === undefined ? {} : { pushRef: target.pushRef }
  return { dockerfile, dockerfileText: authorText, buildArgs, proxies, ...pushed, progress }
}

function silent(what: string, ms: number): BuildError {
  return new BuildError('REGISTRY_UNREACHABLE', `${what} within ${Math.round(ms / 1000)} s`)
}
