import {
  disturbance,
  isKubeError,
  type Kube,
  looksForStart,
  type PodProblem,
  untilAccepted,
  type V1Pod,
  waitForPod
} from '@kaniko-hooks/kube'
import type { Context } from '../../context/context.js'
import { type ContextArchive, packContext } from '../../context/pack.js'
import { BuildError } from '../../errors.js'
import { LostBuild, type BuildRequest, type BuiltImage, type Engine } from '../engine.js'
import type { Platform, Prepared, Wishes } from '../engine.js'
import { ALONE, ATTENDED, contextSecret, fitsSecret, tooLarge } from '../pod/context-secret.js'
import { deliverContext } from '../pod/deliver-context.js'
import { CONTEXT_CONTAINER } from '../pod/parts.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { cacheOf, kanikoIdentity } from './args.js'
import { attend } from './attend.js'
import { authoredTexts } from './authored.js'
import { comingContext } from './coming-context.js'
import { KanikoLog } from './log.js'
import { KANIKO_CONTAINER, kanikoPod } from './pod.js'
import { prepare } from './prepare.js'
import type { PodProgress, Run } from './run.js'
import type { KanikoSettings } from './settings.js'
import { asWished, findSecrets, refuseAnnotations } from './wishes.js'

/** For the deletion of the pod, whatever became of the build. */
const CLEANUP_MS = 5_000

/** A create that was cut off may still arrive at the API server; its pod is looked for once more. */
const LATE_CREATE_MS = 500

/** A build pod has no slow volume: what cannot be mounted by then, such as a connector's that refuses, will not be. */
const STUCK_MS = 45_000

/** What the kubelet writes of a pod that `activeDeadlineSeconds` ended. */
const DEADLINE = 'DeadlineExceeded'

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
      const { log, onPod, timeoutMs } = request
      let name = ''
      const watch = new Stopwatch()
      const archive = await packContext(request.context)
      const comesAlong = fitsSecret(archive, ATTENDED)
      let contextMs = watch.lap()
      let wasCreated = false
      const start = async (): Promise<V1Pod> => {
        wasCreated = false
        name = this.#podName()
        const { made, first } = await this.#create(name, run, archive, ATTENDED)
        wasCreated = true
        const looks = { since: performance.now(), pause: looksForStart }
        await onPod?.(made)
        return waitForPod(this.#kube, name, 'running', { ...run.wait, container: first, known: made, looks })
      }
      const remove = async (isThere: boolean): Promise<void> => {
        await Promise.all([this.#remove(name, isThere), comesAlong ? this.#removeArchive(name) : undefined])
      }
      try {
        const { signal: either } = run
        const pod = await untilAccepted(start, { remove: async () => remove(true), onRejected: log, signal: either })
        run.progress.hasBegun = true
        let podMs = watch.lap()
        if (!comesAlong) {
          const noticedMs = await deliverContext(this.#kube, name, archive, { signal: either, log, timeoutMs })
          contextMs += watch.lap() - noticedMs
          // What the kubelet needs is the pod's, whoever waits for it.
          podMs += noticedMs
        }
        const known = comesAlong ? pod : undefined
        const { startMs, ...image } = await attend(this.#kube, this.#settings, name, run, known)
        return { ...image, phases: { ...image.phases, podMs: podMs + startMs, contextMs } }
      } finally {
        await remove(wasCreated)
      }
    })
  }

  reserve(): string {
    return this.#podName()
  }

  async start(name: string, request: BuildRequest, signal?: AbortSignal): Promise<void> {
    return this.#limited(request, signal, async run => {
      const archive = await packContext(request.context)
      if (!fitsSecret(archive, ALONE)) throw tooLarge(archive.bytes, 'bytes')
      let wasCreated = false
      try {
        const { made } = await this.#create(name, run, archive, ALONE)
        wasCreated = true
        await request.onPod?.(made)
      } catch (error) {
        // A pod whose request was cut off may come yet, and be followed: without its context it would never begin.
        const mayCome = isKubeError(error, 'ABORTED', 'UNREACHABLE')
        await Promise.all([this.#remove(name, wasCreated), mayCome ? undefined : this.#removeArchive(name)])
        throw error
      }
    })
  }

  async follow(name: string, request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    return this.#limited(request, signal, async run => {
      try {
        const { startMs, ...image } = await attend(this.#kube, this.#settings, name, run)
        return { ...image, phases: { ...image.phases, podMs: startMs } }
      } catch (error) {
        if (run.signal.aborted) throw error
        throw await this.#explainEnd(name, run, error)
      } finally {
        await Promise.all([this.#remove(name, true), this.#removeArchive(name)])
      }
    })
  }

  /**
   * Makes the pod of a build, and the Secret of its name in which a small context comes along.
   *
   * @returns also the container that runs first
   */
  async #create(
    name: string,
    { request, signal }: Run,
    archive: ContextArchive,
    most: number
  ): Promise<{ readonly made: V1Pod; readonly first: string }> {
    const { context, timeoutMs } = request
    const coming = comingContext(name, archive, request, most)
    const options = { name, timeoutMs, ...(coming === undefined ? {} : { archive: coming }) }
    // What is refused here leaves nothing behind.
    const pod = kanikoPod({ ...request, ...context }, this.#settings, options)
    if (coming !== undefined) {
      const secret = await contextSecret(name, archive, coming.byKaniko, this.#settings.pod)
      await this.#kube.create('secrets', secret, { signal })
    }
    const made = await this.#kube.create('pods', pod, { signal })
    return { made, first: coming?.byKaniko === true ? KANIKO_CONTAINER : CONTEXT_CONTAINER }
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

  /** Whether a pod that went on by itself failed, was too slow for the kubelet, or was taken away. */
  async #explainEnd(name: string, { request, kanikoLog, signal }: Run, error: unknown): Promise<unknown> {
    try {
      const pod = await this.#kube.get('pods', name, { signal })
      if (pod.status?.reason === DEADLINE) return tookTooLong(request, kanikoLog, error)
      // A push that its node lost is as little a failure of the build.
      const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
      const why = containers.map(container => disturbance(pod, container.name)).find(said => said !== undefined)
      const context = pod.status?.initContainerStatuses?.find(({ name }) => name === CONTEXT_CONTAINER)
      if ((context?.state?.terminated?.exitCode ?? 0) !== 0) return lost('it could not unpack its context', error)
      return why === undefined ? error : lost(why, error)
    } catch (cause) {
      return isKubeError(cause, 'NOT_FOUND') ? lost('its pod is gone', error) : error
    }
  }

  /** Never throws. What stays goes with the runner's pod or its job. */
  async #removeArchive(name: string): Promise<void> {
    await this.#kube.delete('secrets', name, { signal: AbortSignal.timeout(CLEANUP_MS) }).catch(() => false)
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
