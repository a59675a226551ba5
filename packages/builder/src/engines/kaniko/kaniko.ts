import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

import {
  disturbance,
  isKubeError,
  type Kube,
  type PodProblem,
  untilAccepted,
  type V1Pod,
  type V1Secret,
  waitForPod
} from '@kaniko-hooks/kube'
import type { Context } from '../../context/context.js'
import { packContext } from '../../context/pack.js'
import { BuildError } from '../../errors.js'
import { LostBuild, type BuildRequest, type BuiltImage, type Engine } from '../engine.js'
import type { Platform, Prepared, Wishes } from '../engine.js'
import { deliverContext } from '../pod/deliver-context.js'
import { CONTEXT_CONTAINER } from '../pod/parts.js'
import { ARCHIVE_KEY } from '../pod/receive-script.js'
import type { BuildPodSettings } from '../pod/settings.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { cacheOf, kanikoIdentity } from './args.js'
import { attend, type PodProgress, type Run } from './attend.js'
import { authoredTexts } from './authored.js'
import { KanikoLog } from './log.js'
import { KANIKO_CONTAINER, kanikoPod } from './pod.js'
import { prepare } from './prepare.js'
import type { KanikoSettings } from './settings.js'
import { asWished, findSecrets, refuseAnnotations } from './wishes.js'

/** For the deletion of the pod, whatever became of the build. */
const CLEANUP_MS = 5_000

/** A create that was cut off may still arrive at the API server; its pod is looked for once more. */
const LATE_CREATE_MS = 500

/** A build pod has no slow volume: what cannot be mounted by then, such as a connector's that refuses, will not be. */
const STUCK_MS = 45_000

/** A Secret may have 1 MiB, and all of them lie in the memory of the API server. */
const LARGEST_ARCHIVE = 900 * 1024

/** What is worth to be compressed for that. */
const LARGEST_CONTEXT = 4 * 1024 * 1024

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
        const { startMs, ...image } = await attend(this.#kube, this.#settings, name, run)
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
        const secret = await archiveSecret(name, request.context, this.#settings.pod)
        await this.#kube.create('secrets', secret, { signal: run.signal })
        const made = await this.#create(name, run, name)
        wasCreated = true
        await request.onPod?.(made)
      } catch (error) {
        await Promise.all([this.#remove(name, wasCreated), this.#removeArchive(name)])
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

  /** @param archive the Secret in which the context comes along */
  async #create(name: string, { request, signal }: Run, archive?: string): Promise<V1Pod> {
    const { timeoutMs } = request
    const options = { name, timeoutMs, ...(archive === undefined ? {} : { archive }) }
    return this.#kube.create('pods', kanikoPod({ ...request, ...request.context }, this.#settings, options), { signal })
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

/** A context as a Secret that belongs to whom the pod belongs. */
async function archiveSecret(name: string, context: Context, pod: BuildPodSettings = {}): Promise<V1Secret> {
  const archive = await packContext(context)
  if (archive.bytes > LARGEST_CONTEXT) throw tooLarge(archive.bytes, 'bytes')
  const chunks: Buffer[] = []
  await archive.send(chunk => Promise.resolve(void chunks.push(Buffer.from(chunk))))
  const plain = Buffer.concat(chunks)
  // Where the image has no gzip, the build is lost and its step sends the context: not risked where nothing is won.
  const sent = plain.length > LARGEST_ARCHIVE ? await promisify(gzip)(plain, { level: 1 }) : plain
  if (sent.length > LARGEST_ARCHIVE) throw tooLarge(sent.length, 'bytes when it is compressed')
  const { labels, ownerReferences } = pod
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(ownerReferences === undefined ? {} : { ownerReferences: [...ownerReferences] })
    },
    data: { [ARCHIVE_KEY]: sent.toString('base64') }
  }
}

function tooLarge(size: number, what: string): BuildError {
  return new BuildError('CONTEXT_FAILED', `the context has ${size} ${what}, too many for a build that nobody attends`)
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
