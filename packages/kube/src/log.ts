import type { V1Pod } from '@kubernetes/client-node'
import { KubeError, isKubeError } from './errors.js'
import type { Kube, LogOptions, LogTarget } from './kube.js'
import { LogLines } from './log-lines.js'
import type { LogLine, ReadLine } from './log-lines.js'
import { LogPosition } from './log-position.js'
import { containerSpec, containerStatus, isFinished } from './pod-status.js'
import { pollPause } from './poll-pause.js'
import { abortedError, pause, throwIfAborted } from './retry.js'
import { settlesWithin } from './settles-within.js'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
/** After so long without a line a follower is checked: a connection that stalls looks like a container that is quiet. */
const QUIET_MS = 15_000
const LONGEST_QUIET_MS = 60_000
/** The kubelet ends a log some time before it tells that its container has ended. */
const SETTLE_MS = 500
/** How long a line may be under way that a check has already seen. */
const PATIENCE_MS = 2_000

export interface FollowedLog {
  /** False when lines may be missing; `onGap` was told. */
  readonly complete: boolean
  /** The pod as it was seen last. */
  readonly pod?: V1Pod | undefined
  /** When its last connection ended, of `performance.now()`. */
  readonly endedAt: number
}

export interface FollowOptions {
  readonly signal?: AbortSignal
  /** Told, in a sentence, when lines are missing or may be. */
  readonly onGap?: (message: string) => void
  /** For so long after the log's end, what is waited for cannot come, and nobody looks whether the container has ended; default 0. Asked then. */
  readonly settleMs?: () => number
  /**
   * Aborted by whoever knows that the container has ended. What is left of the log is then read at once: a stream that follows
   * takes up to a second to end (kubelet, `logForceCheckPeriod`).
   */
  readonly ended?: AbortSignal
  /** After which silence the connection is checked; default 15 s, doubled up to a minute. */
  readonly quietMs?: number
}

/**
 * Reads a container's log from its first line until the container has ended and its log was read whole. `onLine` gets
 * each line without its newline and in order; a returned promise is waited for, and holds the log back. A lost
 * connection is opened again and goes on after the last line. Waits for a container that has not begun; returns when
 * its pod ends or vanishes without it. The kubelet's rotation may still lose lines of a fast writer (10 MiB by default).
 *
 * Throws the API's error when the log cannot be read, ABORTED, or what `onLine` throws.
 */
export async function followLog(
  kube: Kube,
  target: LogTarget,
  onLine: (line: string) => void | Promise<void>,
  options: FollowOptions = {}
): Promise<FollowedLog> {
  const follower = new Follower(kube, target, onLine, options)
  const followed = await follower.run()
  return { ...followed, pod: follower.pod, endedAt: follower.endedAt }
}

type Completeness = Pick<FollowedLog, 'complete'>

/** Where the container is in its life; `gone` when its pod is. */
type Stage = 'before' | 'running' | 'ended' | 'gone'

class Follower {
  readonly #kube: Kube
  readonly #target: LogTarget
  readonly #onLine: (line: string) => void | Promise<void>
  readonly #options: FollowOptions
  readonly #position = new LogPosition()
  /** As it was seen last. */
  pod: V1Pod | undefined
  endedAt = performance.now()
  #complete = true
  #reads = 0
  /** The log comes without times, so it cannot be resumed. */
  #untimed = false

  constructor(kube: Kube, target: LogTarget, onLine: (line: string) => void | Promise<void>, options: FollowOptions) {
    this.#kube = kube
    this.#target = target
    this.#onLine = onLine
    this.#options = options
  }

  async run(): Promise<Completeness> {
    let seenPod = false
    let delay = FIRST_PAUSE_MS
    for (;;) {
      const began = performance.now()
      const end = await this.#read(true)
      this.endedAt = performance.now()
      if (this.#untimed) {
        this.#gap('it comes without times, so its end cannot be checked')
        return { complete: this.#complete }
      }
      if (this.#options.ended?.aborted === true) return this.#finish()
      const settleMs = end === 'whole' ? (this.#options.settleMs?.() ?? 0) : 0
      const mayWait = settleMs > 0 || this.#kube.watchPod(this.#target.pod).isLive
      let stage = end === 'whole' && mayWait ? 'running' : await this.#stage(seenPod || end !== 'waiting')
      if (end === 'whole' && stage === 'running') stage = await this.#settled(settleMs)
      seenPod = true
      if (end instanceof KubeError) return this.#giveUp(stage, end)
      if (stage === 'ended') return this.#finish()
      if (stage === 'gone') {
        if (end !== 'waiting' || this.#position.sinceTime !== undefined)
          this.#gap('its pod is gone, so the end of it cannot be checked')
        return { complete: this.#complete }
      }
      if (performance.now() - began > LONGEST_PAUSE_MS) delay = FIRST_PAUSE_MS
      await pause(delay, this.#options.signal)
      delay = Math.min(LONGEST_PAUSE_MS, delay * 2)
      if (end === 'waiting') await this.#awaitBegin()
    }
  }

  /** Gives a container whose log has ended the time to be told as ended, before the log is opened again. */
  async #settled(settleMs: number): Promise<Stage> {
    const { pod: name } = this.#target
    const { signal } = this.#options
    const watch = this.#kube.watchPod(name)
    const start = performance.now()
    let looked = start
    let stage: Stage = 'running'
    let events = 0
    while (stage === 'running' && performance.now() - start < Math.max(SETTLE_MS, settleMs)) {
      const isDue = await watch.news({
        after: events,
        since: looked,
        pollMs: Math.max(pollPause(0), settleMs),
        watchedMs: Math.max(SETTLE_MS, settleMs),
        signal
      })
      if (isDue) looked = performance.now()
      const told = isDue ? undefined : watch.toldOf(name, events)?.pod
      ;({ events } = watch)
      stage = told === undefined ? await this.#stage(true) : this.#stageOf(told)
    }
    return stage
  }

  /** An end of the stream is no proof: the API server ends it cleanly also when its own connection to the node breaks. */
  async #finish(): Promise<Completeness> {
    for (let delay = FIRST_PAUSE_MS; ; delay = Math.min(LONGEST_PAUSE_MS, delay * 2)) {
      const end = await this.#read(false)
      if (end === 'whole') return { complete: this.#complete }
      if (end instanceof KubeError) return this.#giveUp('ended', end)
      // The pod ended without the container, or there is nothing left to compare with.
      if (end === 'waiting' || (await this.#stage(true)) === 'gone') {
        if (this.#position.sinceTime !== undefined) this.#gap('the end of it cannot be read again')
        return { complete: this.#complete }
      }
      await pause(delay, this.#options.signal)
    }
  }

  /** The node does not give the log. What is over has its result all the same, and that counts for more. */
  #giveUp(stage: Stage, error: KubeError): Completeness {
    if (stage === 'before' || stage === 'running') throw error
    this.#gap(`its node does not give it any more (${error.message})`)
    return { complete: this.#complete }
  }

  /** One connection. `waiting`: there is no log (yet). `lost`: it ended in the middle. An error: the node is away. */
  async #read(follow: boolean): Promise<'whole' | 'lost' | 'waiting' | KubeError> {
    const { signal } = this.#options
    const cut = new AbortController()
    const either = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal])
    const onEnd = (): void => cut.abort()
    if (follow) this.#options.ended?.addEventListener('abort', onEnd, { once: true })
    const { sinceTime } = this.#position
    const lines = new LogLines()
    this.#position.restart()
    this.#reads += 1
    try {
      const chunks = this.#logs({ follow, signal: either, ...(sinceTime !== undefined && { sinceTime }) })
      for await (const chunk of follow ? this.#watched(chunks, cut) : chunks) {
        for (const line of lines.push(chunk)) await this.#take(line)
      }
      if (follow) return 'whole'
      for (const line of lines.rest()) await this.#take(line)
      const held = this.#position.finish()
      await this.#handOver(held.lines)
      if (held.gap) this.#gap('the kubelet has removed the lines that were read last (log rotation)')
      return 'whole'
    } catch (error) {
      const wasCut = cut.signal.aborted
      cut.abort()
      throwIfAborted(signal)
      if (isKubeError(error, 'STREAM_LOST') || wasCut) return 'lost'
      // 400: the container waits to start; POD_FAILED: there is no such pod any more, which the next look at it tells.
      if (isKubeError(error, 'INVALID', 'POD_FAILED')) return 'waiting'
      // The last of many tries.
      if (isKubeError(error, 'API', 'NOT_FOUND') && (error.status === 500 || error.status === 404)) return error
      throw error
    } finally {
      this.#options.ended?.removeEventListener('abort', onEnd)
    }
  }

  async #take(line: ReadLine): Promise<void> {
    if ('untimed' in line) return this.#takeUntimed(line.untimed)
    const { lines, gap } = this.#position.next(line)
    if (gap) this.#gap('the kubelet has removed lines while the connection was down (log rotation)')
    await this.#handOver(lines)
  }

  async #takeUntimed(text: string): Promise<void> {
    if (text.startsWith('unable to retrieve container logs')) {
      this.#gap(text)
    } else if (this.#reads === 1 && this.#position.sinceTime === undefined) {
      this.#untimed = true
      await this.#onLine(text)
    }
    // On a later connection it is the end of a line that was read before.
  }

  async #handOver(lines: readonly LogLine[]): Promise<void> {
    for (const { text } of lines) {
      const taken = this.#onLine(text)
      if (taken !== undefined) await taken
    }
  }

  #gap(why: string): void {
    this.#complete = false
    const { pod, container } = this.#target
    this.#options.onGap?.(`Lines of the log of container "${container}" of pod "${pod}" may be missing: ${why}.`)
  }

  #logs(options: LogOptions): AsyncIterable<Uint8Array> {
    return this.#kube.logs(this.#target, { ...options, timestamps: true })
  }

  /** Passes chunks on; after a silence looks whether the server has more than it sent, and cuts the connection then. */
  async *#watched(chunks: AsyncIterable<Uint8Array>, cut: AbortController): AsyncGenerator<Uint8Array> {
    const source = chunks[Symbol.asyncIterator]()
    const { quietMs = QUIET_MS, signal } = this.#options
    let quiet = quietMs
    let next = source.next()
    // It is awaited below; until then its failure must not end the process.
    next.catch(() => undefined)
    for (;;) {
      if (!(await settlesWithin(next, quiet))) {
        quiet = Math.min(quiet * 2, Math.max(quietMs, LONGEST_QUIET_MS))
        if ((await this.#isBehind()) && !(await settlesWithin(next, PATIENCE_MS))) cut.abort()
        throwIfAborted(signal)
        if (cut.signal.aborted) throw abortedError(cut.signal)
        continue
      }
      const result = await next
      if (result.done === true) return
      quiet = quietMs
      yield result.value
      next = source.next()
      next.catch(() => undefined)
    }
  }

  /** The container has ended, or its last line is later than what came. */
  async #isBehind(): Promise<boolean> {
    const { signal } = this.#options
    const stage = await this.#stage(true)
    if (stage !== 'running') return true
    const lines = new LogLines()
    // The time at its beginning is enough of the last line.
    for await (const chunk of this.#logs({ tailLines: 1, limitBytes: 64, ...(signal !== undefined && { signal }) })) {
      for (const line of lines.push(chunk)) if (this.#isUnseen(line)) return true
    }
    for (const line of lines.rest()) if (this.#isUnseen(line)) return true
    return false
  }

  #isUnseen(line: ReadLine): boolean {
    return !('untimed' in line) && this.#position.isNews(line)
  }

  async #awaitBegin(): Promise<void> {
    let delay = FIRST_PAUSE_MS
    while ((await this.#stage(true)) === 'before') {
      await pause(delay, this.#options.signal)
      delay = Math.min(LONGEST_PAUSE_MS, delay * 1.5)
    }
  }

  async #stage(mayBeGone: boolean): Promise<Stage> {
    const { pod: name, container } = this.#target
    const { signal } = this.#options
    try {
      const pod = await this.#kube.get('pods', name, signal === undefined ? {} : { signal })
      if (containerSpec(pod, container) === undefined) {
        throw new KubeError('INVALID', `Pod "${name}" has no container "${container}".`)
      }
      return this.#stageOf(pod)
    } catch (error) {
      if (mayBeGone && isKubeError(error, 'NOT_FOUND')) return 'gone'
      throw error
    }
  }

  #stageOf(pod: V1Pod): Stage {
    this.pod = pod
    const state = containerStatus(pod, this.#target.container)?.state
    if (state?.terminated !== undefined || isFinished(pod)) return 'ended'
    return state?.running === undefined ? 'before' : 'running'
  }
}
