import {
  containerResult,
  disturbance,
  followLog,
  isKubeError,
  type Kube,
  type PodProblem,
  untilAccepted,
  type V1Pod,
  waitForPod,
  type WaitOptions
} from '@kaniko-hooks/kube'
import { isDigest, parseReference } from '@kaniko-hooks/registry'
import { packContext } from '../../context/pack.js'
import { credentialOf, withOrigin } from '../../destinations/refusal.js'
import type { Context } from '../../context/context.js'
import { BuildError } from '../../errors.js'
import { deliverContext, leaveContext } from '../pod/deliver-context.js'
import { LostBuild, type BuildPhases, type BuildRequest, type BuiltImage, type Engine } from '../engine.js'
import type { Platform, Prepared, Wishes } from '../engine.js'
import { cacheOf, kanikoIdentity } from './args.js'
import { authoredTexts } from './authored.js'
import { KanikoLog } from './log.js'
import { KANIKO_CONTAINER, kanikoPod, pushesApart } from './pod.js'
import { fetchFiles } from '../pod/fetch-files.js'
import { CONTEXT_CONTAINER, FILES_CONTAINER, pushContainer } from '../pod/parts.js'
import { prepare } from './prepare.js'
import { explainFailure, type FailedBuild } from './problem.js'
import type { KanikoSettings } from './settings.js'
import { haveEnded, pushProblem, referencesOf, throwUnlessPushed } from '../pod/push-result.js'
import { listenForSilence } from '../pod/silence.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { asWished, findSecrets, refuseAnnotations } from './wishes.js'

/**
 * The first thing that Kaniko does is to ask the registry whether it may push, without a word. A registry that is
 * behind a silent firewall costs it several connect timeouts of half a minute; a job should hear of it earlier.
 */
const SILENCE_MS = 40_000

/** The pod's node, asked for a byte. */
const ANSWER_MS = 3_000

/** For the deletion of the pod, whatever became of the build. */
const CLEANUP_MS = 5_000

/** A create that was cut off may still arrive at the API server; its pod is looked for once more. */
const LATE_CREATE_MS = 500

/** A build pod has no slow volume: what cannot be mounted by then, such as a connector's that refuses, will not be. */
const STUCK_MS = 45_000

/** While a push goes on without a word. */
const STILL_PUSHING_MS = 30_000

/** What the kubelet writes of a pod that `activeDeadlineSeconds` ended. */
const DEADLINE = 'DeadlineExceeded'

/** One part of a build's life. */
interface Run {
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
interface PodProgress {
  hasBegun: boolean
  /** The last one that was told. */
  problem: string | undefined
}

/** Builds with Kaniko in a pod of its own. See `Engine`. */
export class KanikoEngine implements Engine {
  readonly identity: string
  readonly #kube: Kube
  readonly #settings: KanikoSettings
  readonly #podName: () => string

  /** @param podName makes the name of a build's pod, free in the namespace */
  constructor(kube: Kube, settings: KanikoSettings, podName: () => string) {
    this.#kube = kube
    this.#settings = settings
    this.#podName = podName
    this.identity = kanikoIdentity(settings)
  }

  prepare(
    context: Context,
    platform: Platform,
    buildArgs: Readonly<Record<string, string>>,
    wishes: Wishes = {}
  ): Prepared {
    const { fork } = this.#settings
    const prepared = prepare(asWished(context, wishes), fork, platform, buildArgs)
    return { ...prepared, findings: [...prepared.findings, ...findSecrets(context, fork, wishes.secrets)] }
  }

  async build(request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    return this.#limited(request, signal, async run => {
      const { log, onPod } = request
      let name = ''
      const watch = new Stopwatch()
      const archive = await packContext(request.context)
      let wasCreated = false
      const start = async (): Promise<void> => {
        wasCreated = false
        name = this.#podName()
        const made = await this.#create(name, run)
        wasCreated = true
        await onPod?.(made)
        await waitForPod(this.#kube, name, 'running', { ...run.wait, container: CONTEXT_CONTAINER })
      }
      try {
        const { signal: either } = run
        await untilAccepted(start, {
          remove: async () => this.#remove(name, true),
          onRejected: log,
          signal: either
        })
        run.progress.hasBegun = true
        const madeMs = watch.lap()
        const noticedMs = await deliverContext(this.#kube, name, archive, {
          signal: either,
          log,
          timeoutMs: request.timeoutMs
        })
        const contextMs = watch.lap() - noticedMs
        const { startMs, ...image } = await this.#attend(name, run)
        // What the kubelet needs is the pod's, whoever waits for it.
        return { ...image, phases: { ...image.phases, podMs: madeMs + noticedMs + startMs, contextMs } }
      } finally {
        await this.#remove(name, wasCreated)
      }
    })
  }

  reserve(): string {
    return this.#podName()
  }

  async start(name: string, request: BuildRequest, signal?: AbortSignal): Promise<void> {
    return this.#limited(request, signal, async run => {
      let wasCreated = false
      try {
        const archive = await packContext(request.context)
        const made = await this.#create(name, run)
        wasCreated = true
        await request.onPod?.(made)
        await waitForPod(this.#kube, name, 'running', { ...run.wait, container: CONTEXT_CONTAINER })
        run.progress.hasBegun = true
        const { log, timeoutMs } = request
        await leaveContext(this.#kube, name, archive, { signal: run.signal, log, timeoutMs })
      } catch (error) {
        await this.#remove(name, wasCreated)
        throw error
      }
    })
  }

  async follow(name: string, request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    return this.#limited(request, signal, async run => {
      run.progress.hasBegun = true
      try {
        const { startMs, ...image } = await this.#attend(name, run)
        return { ...image, phases: { ...image.phases, podMs: startMs } }
      } catch (error) {
        if (run.signal.aborted) throw error
        throw await this.#explainEnd(name, run, error)
      } finally {
        await this.#remove(name, true)
      }
    })
  }

  async #create(name: string, { request, signal }: Run): Promise<V1Pod> {
    const pod = kanikoPod({ ...request, ...request.context }, this.#settings, { name, timeoutMs: request.timeoutMs })
    return this.#kube.create('pods', pod, { signal })
  }

  /** Does a part of a build within its limit, and says in an error of ours why it failed. */
  async #limited<T>(
    request: BuildRequest,
    signal: AbortSignal | undefined,
    work: (run: Run) => Promise<T>
  ): Promise<T> {
    const limit = AbortSignal.timeout(request.timeoutMs)
    const stop = new AbortController()
    refuseAnnotations(request, this.#settings)
    const kanikoLog = new KanikoLog(cacheOf(request, this.#settings)?.repository, authoredTexts(request.context))
    const progress: PodProgress = { hasBegun: false, problem: undefined }
    const either = AbortSignal.any([limit, stop.signal, ...(signal === undefined ? [] : [signal])])
    const wait = {
      signal: either,
      timeoutMs: request.timeoutMs,
      stuckMs: STUCK_MS,
      onProblem: ({ message }: { readonly message: string }) => {
        progress.problem = message
        request.log(message)
      }
    }
    try {
      return await work({ request, kanikoLog, progress, signal: either, stop, wait })
    } catch (error) {
      if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
      if (stop.signal.aborted) throw stop.signal.reason
      if (limit.aborted) {
        if (progress.hasBegun) throw tookTooLong(request, kanikoLog, error)
        const seconds = Math.round(request.timeoutMs / 1000)
        const why = progress.problem ?? 'nothing tells why; a Secret or volume that it mounts may be missing'
        const message = `the build pod did not start within ${seconds} s: ${why}`
        throw new BuildError('POD_FAILED', message, { cause: error })
      }
      throw asBuildError(error)
    }
  }

  /** Sees a pod that has its context through to the end. */
  async #attend(name: string, run: Run): Promise<Omit<BuiltImage, 'phases'> & Attended> {
    const { request, kanikoLog, signal, stop, wait } = run
    const watch = new Stopwatch()
    await waitForPod(this.#kube, name, 'running', { ...wait, container: KANIKO_CONTAINER })
    const startMs = watch.lap()
    const { pushingAt } = await this.#follow(name, request, kanikoLog, signal, stop)
    // The kubelet writes the status when it gets to it; what counts is that it will.
    const ended = await waitForPod(this.#kube, name, 'ended', {
      signal,
      timeoutMs: request.timeoutMs,
      container: KANIKO_CONTAINER
    })
    const end = watch.now()
    const digest = readDigest(ended, failedBuild(request, kanikoLog))
    const pod = { podMs: 0, contextMs: 0 }
    if (!pushesApart(request)) {
      const pushMs = pushingAt === undefined ? 0 : end - pushingAt
      return { digest, startMs, phases: { ...pod, buildMs: watch.lap() - pushMs, pushMs } }
    }
    const buildMs = watch.lap()
    await this.#fetchFiles(name, request, wait)
    await this.#awaitPush(name, request, digest, wait)
    return { digest, startMs, phases: { ...pod, buildMs, pushMs: watch.lap() } }
  }

  /** Whether a pod that went on by itself failed, was too slow for the kubelet, or was taken away. */
  async #explainEnd(name: string, { request, kanikoLog, signal }: Run, error: unknown): Promise<unknown> {
    try {
      const pod = await this.#kube.get('pods', name, { signal })
      if (pod.status?.reason === DEADLINE) return tookTooLong(request, kanikoLog, error)
      const why = disturbance(pod, KANIKO_CONTAINER)
      return why === undefined ? error : lost(why, error)
    } catch (cause) {
      return isKubeError(cause, 'NOT_FOUND') ? lost('its pod is gone', error) : error
    }
  }

  /** Brings the image's files to the caller. */
  async #fetchFiles(podName: string, { files = [], log }: BuildRequest, wait: WaitOptions): Promise<void> {
    if (files.length === 0) return
    await waitForPod(this.#kube, podName, 'running', { ...wait, container: FILES_CONTAINER })
    const { signal = new AbortController().signal } = wait
    await fetchFiles(this.#kube, podName, files, { signal, log })
  }

  /** Waits until every push container has ended, and reads of each whether its registry took the image. */
  async #awaitPush(podName: string, request: BuildRequest, digest: string, wait: WaitOptions): Promise<void> {
    const { targets, log, pushTimeoutMs } = request
    if (targets.length === 0) return
    // Its image may have to be pulled first, which is no fault of the registry.
    for (const [index] of targets.entries()) {
      await waitForPod(this.#kube, podName, 'running', { ...wait, container: pushContainer(index) })
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
      last = await waitForPod(this.#kube, podName, pod => haveEnded(pod, targets.length), {
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

  /** Follows Kaniko's log to its end. */
  async #follow(
    pod: string,
    request: BuildRequest,
    kanikoLog: KanikoLog,
    signal: AbortSignal,
    stop: AbortController
  ): Promise<{ readonly pushingAt: number | undefined }> {
    const watch = new Stopwatch()
    let pushingAt: number | undefined
    let hung: NodeJS.Timeout | undefined
    // The first thing that is asked whether it takes a push.
    const first = request.targets[0]?.pushRef
    const pushed = pushesApart(request) ? cacheOf(request, this.#settings)?.repository : first
    const reference = pushed ?? first
    // Without a push and a cache, it is a base image's.
    const domain = reference === undefined ? 'of a base image' : parseReference(reference).domain
    const silence = listenForSilence({
      ms: SILENCE_MS,
      canHear: () => this.#answers(pod, signal),
      onSilence: () => stop.abort(silent(`the registry ${domain} did not answer the build pod`, SILENCE_MS))
    })
    try {
      await followLog(
        this.#kube,
        { pod, container: KANIKO_CONTAINER },
        line => {
          silence.end()
          const { lines, event } = kanikoLog.read(line)
          if (event?.kind === 'pushing') {
            pushingAt = watch.now()
            const why = silent(`the registry ${domain} did not take the image`, request.pushTimeoutMs)
            hung = setTimeout(() => stop.abort(why), request.pushTimeoutMs)
          }
          lines.forEach(shown => request.log(shown))
        },
        { signal, onGap: message => request.log(message) }
      )
    } finally {
      silence.end()
      clearTimeout(hung)
    }
    return { pushingAt }
  }

  /** Whether the pod's node answers, so that silence is the pod's own. */
  async #answers(pod: string, signal: AbortSignal): Promise<boolean> {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    return this.#kube.awaitNode({ pod, container: KANIKO_CONTAINER }, { signal: soon }).then(
      () => true,
      () => false
    )
  }

  /** Never throws: it must not hide how the build went. Owner reference and deadline end what it cannot. */
  async #remove(name: string, wasCreated: boolean): Promise<void> {
    const attempt = (): Promise<boolean> =>
      this.#kube
        .delete('pods', name, { gracePeriodSeconds: 1, signal: AbortSignal.timeout(CLEANUP_MS) })
        .catch(() => false)
    if ((await attempt()) || wasCreated) return
    await new Promise(resolve => setTimeout(resolve, LATE_CREATE_MS))
    await attempt()
  }
}

function readDigest(pod: V1Pod, build: Omit<FailedBuild, 'exitCode'>): string {
  const result = containerResult(pod, KANIKO_CONTAINER)
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

function tookTooLong({ context, timeoutMs }: BuildRequest, { progress }: KanikoLog, cause: unknown): BuildError {
  const at = progress.instruction === undefined ? '' : `; it was at ${progress.instruction}`
  const message = `the build of ${context.dockerfile} took longer than ${Math.round(timeoutMs / 1000)} s${at}`
  return new BuildError('TIMEOUT', message, { cause })
}

function lost(why: string, cause: unknown): BuildError {
  return new BuildError('POD_FAILED', `the build pod did not come to its end: ${why}`, {
    cause: new LostBuild(why, { cause })
  })
}

function silent(what: string, ms: number): BuildError {
  return new BuildError('REGISTRY_UNREACHABLE', `${what} within ${Math.round(ms / 1000)} s`)
}

function asBuildError(error: unknown): unknown {
  if (!isKubeError(error)) return error
  // The pod's images and settings are the administrator's; a workflow's author cannot mend them.
  const fault = error.fault === 'user' ? 'configuration' : error.fault
  const said = `the build pod failed: ${error.message}${imageAdvice(error.problem)}`
  return new BuildError('POD_FAILED', said, { fault, cause: error })
}

/** Behind a firewall this is the first thing that happens, and nothing but the settings can mend it. */
function imageAdvice(problem: PodProblem | undefined): string {
  if (problem?.container === undefined || !/ImagePull|RegistryUnavailable/.test(problem.reason)) return ''
  if (problem.container === KANIKO_CONTAINER)
    return ' Mirror the image where nodes can pull it, and set engine.kaniko.image.'
  return /^push(?:-\d+)?$/.test(problem.container)
    ? ' Mirror the image where nodes can pull it, and set build.pushImage.'
    : ''
}
