import type { V1Pod } from '@kubernetes/client-node'
import type { Kube } from './kube.js'
import type { PodProblem } from './pod-problem.js'
import { condition } from './pod-status.js'
import { driversOf, isBeforeSandbox, slowStart } from './slow-start.js'
import { warningEvent, type WarningEvent } from './warning-event.js'

/** A pod that has not begun for so long: its events may tell more than its status. */
const EVENTS_EVERY_MS = 15_000

/** A pod of which no event tells anything is reported after this time, by how far its status says that it got. */
const LIKELY_AFTER_MS = 45_000

/** A pod that had to wait so long for a node has mostly got one that was made for it. */
const WAITED_FOR_NODE_MS = 10_000

/**
 * On a new node the pods of CSI drivers start beside ours, and their images come first. The kubelet tries again after 1, 3,
 * 7, 15, 31, 63 and 127 s.
 */
const NEW_NODE_MS = 180_000

const MOUNT = /^Failed(Mount|AttachVolume|MapVolume)$/

/**
 * A pod that is pending, and whose status complains of nothing. Its volumes are mounted and its network is made first, and
 * what fails there stands in events alone; the kubelet tries for ever.
 */
export class StuckPod {
  readonly #kube: Kube
  readonly #giveUpMs: number
  #since: number | undefined
  #askAt = 0
  /** How often the mount had failed at the look before. */
  #mountFailures = 0
  /** How often its node had not got a driver, and when that was last found to have become more. */
  #driverMissed = 0
  #driverMissedAt: number | undefined

  /** @param giveUpMs after so long, a mount that goes on failing is fatal; a driver that starts with its node has longer */
  constructor(kube: Kube, giveUpMs = Infinity) {
    this.#kube = kube
    this.#giveUpMs = giveUpMs
  }

  /**
   * Looks at one state of the pod, and from time to time at its events.
   *
   * @returns what keeps it, when there is something new to say of it; `now` when there is no more hope
   */
  async see(pod: V1Pod, signal: AbortSignal, now = performance.now()): Promise<PodProblem | undefined> {
    if (!isStuck(pod)) {
      this.#since = undefined
      return undefined
    }
    if (this.#since === undefined) {
      this.#since = now
      this.#askAt = now + Math.min(EVENTS_EVERY_MS, this.#giveUpMs)
      this.#mountFailures = 0
      this.#driverMissed = 0
      this.#driverMissedAt = undefined
    }
    if (now < this.#askAt) return undefined
    const age = now - this.#since
    const event = await warningEvent(this.#kube, pod, signal)
    this.#askAt = now + EVENTS_EVERY_MS
    const isBefore = isBeforeSandbox(pod)
    const mayReadEvents = event !== 'forbidden'
    const mayLackDriver = mayReadEvents ? event?.missingDriver !== undefined : driversOf(pod).length > 0
    const limit = mayLackDriver && isOnNewNode(pod) ? Math.max(NEW_NODE_MS, this.#giveUpMs) : this.#giveUpMs
    if (event === undefined || event === 'forbidden') {
      if (age < Math.min(LIKELY_AFTER_MS, limit)) return undefined
      const isHopeless = isBefore && !mayReadEvents && age >= limit
      return { ...slowStart(pod, mayReadEvents), fatal: isHopeless ? 'now' : 'wait' }
    }
    if (event.driverMissed > this.#driverMissed) this.#driverMissedAt = now
    this.#driverMissed = event.driverMissed
    const isMount = MOUNT.test(event.reason)
    const goesOn = isBefore || event.count > this.#mountFailures
    this.#mountFailures = isMount ? event.count : 0
    return isMount && goesOn && this.#failsFor(event, now) >= limit ? { ...event, fatal: 'now' } : event
  }

  /** A driver that came with its node has its time from then on: at first it may not answer. */
  #failsFor({ missingDriver }: WarningEvent, now: number): number {
    const since = missingDriver === undefined ? (this.#driverMissedAt ?? this.#since) : this.#since
    return now - (since ?? now)
  }
}

function isStuck(pod: V1Pod): boolean {
  return pod.status?.phase === 'Pending'
}

function isOnNewNode(pod: V1Pod): boolean {
  const made = pod.metadata?.creationTimestamp
  const placed = condition(pod, 'PodScheduled', 'True')?.lastTransitionTime
  if (made === undefined || placed === undefined) return false
  return new Date(placed).getTime() - new Date(made).getTime() >= WAITED_FOR_NODE_MS
}
