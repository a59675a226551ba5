import { type Kube, type V1Pod, waitForPod, type WaitOptions } from '@kaniko-hooks/kube'
import { isDigest } from '@kaniko-hooks/registry'
import { credentialOf, withOrigin } from '../../destinations/refusal.js'
import { BuildError } from '../../errors.js'
import type { BuildPhases, BuildRequest, BuiltImage } from '../engine.js'
import { fetchFiles } from '../pod/fetch-files.js'
import { FILES_CONTAINER, pushContainer } from '../pod/parts.js'
import { haveEnded, pushProblem, referencesOf, throwUnlessPushed } from '../pod/push-result.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { followKaniko } from './follow-kaniko.js'
import { hasKanikoEnded, kanikoEnd } from './kaniko-end.js'
import type { KanikoLog } from './log.js'
import { KANIKO_CONTAINER, pushesApart } from './pod.js'
import { explainFailure, type FailedBuild } from './problem.js'
import type { Run } from './run.js'
import type { KanikoSettings } from './settings.js'

/** While a push goes on without a word. */
const STILL_PUSHING_MS = 30_000

interface Attended {
  readonly phases: BuildPhases
  /** Until Kaniko's container ran. */
  readonly startMs: number
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
  const { pushingAt, seen } = await followKaniko(kube, settings, name, run)
  // The kubelet writes the status when it gets to it; what counts is that it will.
  const ended = seen ?? (await waitForPod(kube, name, hasKanikoEnded, { signal, timeoutMs: request.timeoutMs }))
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

function readDigest(pod: V1Pod, build: Omit<FailedBuild, 'exitCode'>): string {
  const result = kanikoEnd(pod)
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
