import { containerResult, followLog, isKubeError, type Kube, type V1Pod, waitForPod } from '@kaniko-hooks/kube'
import { isDigest, parseReference } from '@kaniko-hooks/registry'
import { packContext } from '../context/pack.js'
import { type Finding, findUnsupported } from '../dockerfile/unsupported.js'
import { BuildError } from '../errors.js'
import { deliverContext } from './deliver-context.js'
import type { BuildPhases, BuildRequest, BuiltImage, Engine } from './engine.js'
import { kanikoIdentity } from './kaniko-args.js'
import { KanikoLog } from './kaniko-log.js'
import { CONTEXT_CONTAINER, KANIKO_CONTAINER, kanikoPod } from './kaniko-pod.js'
import { explainFailure } from './kaniko-problem.js'
import type { KanikoSettings } from './kaniko-settings.js'
import { listenForSilence } from './silence.js'
import { Stopwatch } from './stopwatch.js'

/**
 * The first thing that Kaniko does is to ask the registry whether it may push, without a word. A registry that is
 * behind a silent firewall costs it several connect timeouts of half a minute; a job should hear of it earlier.
 */
const SILENCE_MS = 40_000

/** The API server, asked for a pod. */
const ANSWER_MS = 3_000

/** From the log's end until the pod's status says how it ended. */
const STATUS_MS = 30_000

/** For the deletion of the pod, whatever became of the build. */
const CLEANUP_MS = 5_000

/** A create that was cut off may still arrive at the API server; its pod is looked for once more. */
const LATE_CREATE_MS = 500

/** Builds with Kaniko in a pod of its own: one container, for registries without credentials. See `Engine`. */
export class KanikoEngine implements Engine {
  readonly identity: string
  readonly #kube: Kube
  readonly #settings: KanikoSettings

  constructor(kube: Kube, settings: KanikoSettings) {
    this.#kube = kube
    this.#settings = settings
    this.identity = kanikoIdentity(settings)
  }

  check(dockerfileText: string): readonly Finding[] {
    return findUnsupported(dockerfileText, this.#settings.line)
  }

  async build(request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    const limit = AbortSignal.timeout(request.timeoutMs)
    const stop = new AbortController()
    const kanikoLog = new KanikoLog()
    const either = AbortSignal.any([limit, stop.signal, ...(signal === undefined ? [] : [signal])])
    try {
      return await this.#run(request, kanikoLog, either, stop)
    } catch (error) {
      if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
      if (stop.signal.aborted) throw stop.signal.reason
      if (limit.aborted) {
        const seconds = Math.round(request.timeoutMs / 1000)
        const { instruction } = kanikoLog.progress
        const at = instruction === undefined ? '' : `; it was at ${instruction}`
        throw new BuildError(
          'TIMEOUT',
          `the build of ${request.context.dockerfile} took longer than ${seconds} s${at}`,
          { cause: error }
        )
      }
      throw asBuildError(error)
    }
  }

  async #run(
    request: BuildRequest,
    kanikoLog: KanikoLog,
    signal: AbortSignal,
    stop: AbortController
  ): Promise<BuiltImage> {
    const { context, podName: name, log } = request
    const { dockerfile, dockerfileText } = context
    const watch = new Stopwatch()
    const archive = await packContext(context)
    const build = { dockerfile, dockerfileText, target: request.target, buildArgs: request.buildArgs ?? {} }
    const pod = kanikoPod(build, this.#settings, { name, timeoutMs: request.timeoutMs })
    const wait = {
      signal,
      timeoutMs: request.timeoutMs,
      onProblem: (problem: { readonly message: string }) => log(problem.message)
    }
    let wasCreated = false
    try {
      await this.#kube.create('pods', pod, { signal })
      wasCreated = true
      await waitForPod(this.#kube, name, 'running', { ...wait, container: CONTEXT_CONTAINER })
      const podMs = watch.lap()
      await deliverContext(this.#kube, name, archive, { signal, log })
      const contextMs = watch.lap()
      await waitForPod(this.#kube, name, 'running', { ...wait, container: KANIKO_CONTAINER })
      const { pushingAt } = await this.#follow(request, kanikoLog, signal, stop)
      const ended = await waitForPod(this.#kube, name, 'ended', {
        signal,
        timeoutMs: STATUS_MS,
        container: KANIKO_CONTAINER
      })
      const end = watch.now()
      const digest = readDigest(ended, { ...build, pushRef: request.target.pushRef, progress: kanikoLog.progress })
      const pushMs = pushingAt === undefined ? 0 : end - pushingAt
      return builtImage(request, digest, { podMs, contextMs, buildMs: watch.lap() - pushMs, pushMs })
    } finally {
      await this.#remove(name, wasCreated)
    }
  }

  /** Follows Kaniko's log to its end. */
  async #follow(
    request: BuildRequest,
    kanikoLog: KanikoLog,
    signal: AbortSignal,
    stop: AbortController
  ): Promise<{ readonly pushingAt: number | undefined }> {
    const watch = new Stopwatch()
    let pushingAt: number | undefined
    const { domain } = parseReference(request.target.pushRef)
    const silence = listenForSilence({
      ms: SILENCE_MS,
      canHear: () => this.#answers(request.podName, signal),
      onSilence: () => {
        const seconds = SILENCE_MS / 1000
        const message = `the registry ${domain} did not answer the build pod within ${seconds} s`
        stop.abort(new BuildError('REGISTRY_UNREACHABLE', message))
      }
    })
    try {
      await followLog(
        this.#kube,
        { pod: request.podName, container: KANIKO_CONTAINER },
        line => {
          silence.end()
          const { lines, event } = kanikoLog.read(line)
          if (event?.kind === 'pushing') pushingAt = watch.now()
          lines.forEach(shown => request.log(shown))
        },
        { signal, onGap: message => request.log(message) }
      )
    } finally {
      silence.end()
    }
    return { pushingAt }
  }

  /** Whether the API server answers, so that silence is the pod's own. */
  async #answers(pod: string, signal: AbortSignal): Promise<boolean> {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    return this.#kube.get('pods', pod, { signal: soon }).then(
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

function readDigest(pod: V1Pod, build: Omit<Parameters<typeof explainFailure>[0], 'exitCode'>): string {
  const result = containerResult(pod, KANIKO_CONTAINER)
  if (!result.trustworthy) throw new BuildError('POD_FAILED', result.why ?? 'the build pod failed')
  if (result.exitCode !== 0) throw explainFailure({ ...build, exitCode: result.exitCode })
  // Kaniko writes it before it pushes: only together with exit code 0 does it mean anything.
  const digest = result.message?.trim() ?? ''
  if (isDigest(digest)) return digest
  throw new BuildError('POD_FAILED', `Kaniko ended well, but reported no digest (it said ${JSON.stringify(digest)})`)
}

function builtImage(request: BuildRequest, digest: string, phases: BuildPhases): BuiltImage {
  const { pushRef } = request.target
  const { domain, repository, tag = 'latest' } = parseReference(pushRef)
  return {
    repository: `${domain}/${repository}`,
    tag,
    digest,
    pushRef,
    pullRef: request.target.pullRef(digest),
    phases
  }
}

function asBuildError(error: unknown): unknown {
  if (!isKubeError(error)) return error
  // The pod's images and settings are the administrator's; a workflow's author cannot mend them.
  const fault = error.fault === 'user' ? 'configuration' : error.fault
  return new BuildError('POD_FAILED', `the build pod failed: ${error.message}`, { fault, cause: error })
}
