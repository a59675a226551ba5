import type { IncomingMessage } from 'node:http'
import type { V1Pod } from '@kubernetes/client-node'
import { isKubeError, KubeError } from './errors.js'
import { pause, throwIfAborted } from './retry.js'

/** Between two openings of one watch: a server that closes it at once is not asked all the time. */
const REOPEN_MS = 1_000
/** A watch may be quiet because it is dead, so its pods are looked at all the same. */
const WATCHED_MS = 2_000

/** Which pods, as the API server selects them. */
export type PodSelector = { readonly labelSelector: string } | { readonly fieldSelector: string }

/** What the watches of one client share. */
export interface WatchAccess {
  /** Opens the stream of events, without repetition. */
  readonly open: (selector: PodSelector, signal: AbortSignal) => Promise<IncomingMessage>
  /** Whether it is worth a try. */
  readonly mayOpen: () => boolean
  /** Told of each stream that was opened. */
  readonly onOpen: () => void
  /** Told why one could not be opened. */
  readonly onRefused: (error: unknown) => void
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: V1Pod
}

/** The newest state of a pod; undefined when it was deleted. */
interface Told {
  readonly pod: V1Pod | undefined
  /** Counts the events of the watch. */
  readonly number: number
}

/** How long somebody waits for news. */
interface Patience {
  /** How many events were heard of already. */
  readonly after: number
  /** When the last look was, of `performance.now()`. */
  readonly since: number
  /** How long after it the next one is due without a watch. */
  readonly pollMs: number
  /** The same with one; default 2 s. */
  readonly watchedMs?: number
  readonly signal: AbortSignal | undefined
}

/**
 * What the API server tells of some pods by itself, as far as the role lets it. It only makes a look unnecessary or early, and
 * never replaces the last word of one: a stream that was refused, closed or cut, that is expired (410) or silent, leaves its
 * reader with polling. Each stream begins with the present state of its pods and never with a version that was seen before, so
 * that nothing can be missed between two, and nothing can have expired.
 */
export class PodWatch {
  readonly selector: PodSelector
  readonly #access: WatchAccess
  readonly #told = new Map<string, Told>()
  readonly #waiting = new Set<AbortController>()
  readonly #over = new AbortController()
  #events = 0
  #isOpen = false
  #isLive = false
  #openedAt = -Infinity

  constructor(selector: PodSelector, access: WatchAccess) {
    this.selector = selector
    this.#access = access
  }

  /** Pods that are there, as they were told last. */
  get pods(): V1Pod[] {
    return [...this.#told.values()].flatMap(({ pod }) => pod ?? [])
  }

  /** How many events came so far. */
  get events(): number {
    return this.#events
  }

  /** Whether what happens is told now, as far as anybody knows. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** What was told of a pod after an event; undefined when nothing was. */
  toldOf(name: string, after: number): Told | undefined {
    const told = this.#told.get(name)
    return told !== undefined && told.number > after ? told : undefined
  }

  /** Begins to watch, unless it goes on already or cannot. */
  open(): void {
    if (this.#isOpen || this.#over.signal.aborted || !this.#access.mayOpen()) return
    if (performance.now() - this.#openedAt < REOPEN_MS) return
    this.#isOpen = true
    this.#openedAt = performance.now()
    void this.#follow()
  }

  /**
   * Waits until something is told, or until it is time to look.
   *
   * @returns whether it is time to look
   */
  async news({ after, since, pollMs, watchedMs = WATCHED_MS, signal }: Patience): Promise<boolean> {
    this.open()
    while (this.#events === after) {
      const left = since + (this.#isLive ? Math.max(pollMs, watchedMs) : pollMs) - performance.now()
      if (left <= 0) return true
      await this.#change(left, signal)
    }
    return false
  }

  close(): void {
    this.#over.abort()
  }

  async #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController()
    this.#waiting.add(woken)
    try {
      await pause(ms, signal === undefined ? woken.signal : AbortSignal.any([signal, woken.signal]))
    } catch (error) {
      throwIfAborted(signal)
      if (!woken.signal.aborted) throw error
    } finally {
      this.#waiting.delete(woken)
    }
  }

  async #follow(): Promise<void> {
    let response: IncomingMessage | undefined
    try {
      response = await this.#access.open(this.selector, this.#over.signal)
      // Neither does a watch keep a process alive, nor does a dead peer keep a watch alive.
      response.socket.setKeepAlive(true, 5_000)
      response.socket.unref()
      this.#access.onOpen()
      this.#setLive(true)
      let rest = ''
      response.setEncoding('utf8')
      for await (const chunk of response) {
        const lines = (rest + String(chunk)).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) this.#take(line)
      }
    } catch (error) {
      if (response === undefined) this.#access.onRefused(error)
    } finally {
      response?.destroy()
      this.#isOpen = false
      this.#setLive(false)
    }
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as Event
    // Its history has expired, or the server is about to end.
    if (type === 'ERROR') throw new Error('the watch ended')
    const name = object.metadata?.name
    if (type === 'BOOKMARK' || name === undefined) return
    this.#events += 1
    this.#told.set(name, { pod: type === 'DELETED' ? undefined : object, number: this.#events })
    this.#wake()
  }

  #setLive(isLive: boolean): void {
    this.#isLive = isLive
    this.#wake()
  }

  #wake(): void {
    for (const woken of this.#waiting) woken.abort()
  }
}

/** The watches of one client. */
export class PodWatches {
  readonly #watches: PodWatch[] = []
  readonly #access: WatchAccess
  #isRefused = false
  #isTold = false

  /** @param tell told once, in a sentence, whether pods are watched */
  constructor(open: WatchAccess['open'], tell: (sentence: string) => void) {
    const tellOnce = (sentence: string): void => {
      if (!this.#isTold) tell(sentence)
      this.#isTold = true
    }
    this.#access = {
      open,
      mayOpen: () => !this.#isRefused,
      onOpen: () => tellOnce('Pods are watched.'),
      onRefused: error => {
        if (!isKubeError(error) || error.status === undefined || error.status >= 429) return
        this.#isRefused = true
        tellOnce(`Pods are polled, since they cannot be watched: ${error.message}`)
      }
    }
  }

  /** The watch of these pods. It does not begin by itself. */
  of(selector: PodSelector): PodWatch {
    const key = JSON.stringify(selector)
    const known = this.#watches.find(watch => JSON.stringify(watch.selector) === key)
    if (known !== undefined) return known
    const watch = new PodWatch(selector, this.#access)
    this.#watches.push(watch)
    return watch
  }

  /** A watch that has told of this pod, or one of its own. */
  ofPod(name: string): PodWatch {
    const known = this.#watches.find(watch => watch.toldOf(name, 0) !== undefined)
    return known ?? this.of({ fieldSelector: `metadata.name=${name}` })
  }

  /** Whether a stream was refused, so that pods are polled. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  /** Tries none: somebody else was refused. */
  refuse(): void {
    this.#access.onRefused(new KubeError('FORBIDDEN', 'an earlier call of this job was refused.', { status: 403 }))
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
  }
}
