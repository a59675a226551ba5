import type { V1Affinity } from '@kubernetes/client-node'

import type { PodParts } from '../pods/pod-parts.js'
import type { VolumeArgs } from '../protocol/schema.js'
import type { Owner } from './helper/words.js'
import type { Mail, Post } from './mailbox/letters.js'
import type { Mounts } from './mounts.js'

/** The volume lists of a container as the runner sends them. */
export interface VolumeRequest {
  readonly system: readonly VolumeArgs[]
  readonly user: readonly VolumeArgs[]
}

/** What a service's volumes add to its container and its pod. */
export interface ServiceParts extends Mounts {
  readonly affinity?: V1Affinity
}

/** What travelled between the runner's disk and a pod. */
export interface Travelled {
  readonly files: number
  readonly bytes: number
  /** How long it took, in milliseconds, without the wait for the pod. */
  readonly ms: number
}

export const NOTHING_TRAVELLED: Travelled = { files: 0, bytes: 0, ms: 0 }

/** A pod that runs. */
export interface PodAddress {
  readonly name: string
  /** Its own; none where it has that of its node. */
  readonly ip?: string | undefined
}

/** A pod that begins to run, and whose address is not known yet. */
export interface StepPod {
  readonly name: string
  readonly hasOwnAddress: boolean
}

/**
 * How the runner's work directory reaches the pods of a job. The commands are written once over this interface.
 *
 * Order of calls. For a job: `jobParts`, then the pod is created, then `deliver` while it starts and `fillJob` once its
 * containers run. For every script step: `beforeScript`, the step, `afterScript` whatever its result was. For a
 * container step: `stepParts`, `openStep`, then the pod is created, `fillStep` (which waits for what it needs of the pod), `attendStep` once
 * the container runs, the step's end, `collectStep` while the pod still stands. At the end `close`. While a step of either kind
 * runs, `exchangeMail` and `catchUp`, one at a time; both have settled before the step's files are brought back.
 * All of them may be called again after a failure; none leaves anything in the cluster.
 */
export interface Workspace {
  /** Whether `deliver` brings the runner's externals too; else they are there when `beforeScript` has ended. */
  readonly deliversExternals: boolean
  /** Makes nothing. Looks whether user volumes are what they seem. */
  jobParts(request: VolumeRequest): PodParts
  /**
   * Makes nothing. Looks whether the volumes of a service are what they seem. A named volume has one name in all pods.
   *
   * @param container the service's, whose name no other container of a pod has
   */
  serviceParts(volumes: readonly VolumeArgs[], container: string): ServiceParts
  /** Makes the directories and files that the job pod mounts; overlaps with its start. */
  deliver(signal: AbortSignal): Promise<void>
  /** @param owner whose the files in the pod become */
  fillJob(jobPod: PodAddress, owner: Promise<Owner>, signal: AbortSignal): Promise<void>
  beforeScript(jobPod: string, signal: AbortSignal): Promise<void>
  /**
   * The files that a step writes for the runner come first.
   *
   * @param signal ends it; what came until then is kept
   */
  afterScript(jobPod: string, signal?: AbortSignal): Promise<void>
  /**
   * Empties and fills the mailbox of the step that runs.
   *
   * @param signal gives up; nothing is said in that conversation any more
   * @throws when the mailbox cannot be reached; what was to be put there may be there or not
   */
  exchangeMail(post: Post, signal: AbortSignal): Promise<Mail>
  /**
   * Makes the runner's disk like what the step that runs has by now.
   *
   * @param pod the one in which it runs
   */
  catchUp(pod: string, signal: AbortSignal): Promise<void>
  /** Ends what is still open of a step. */
  close(): void
  /** As `jobParts`. */
  stepParts(request: VolumeRequest): PodParts
  /** Makes what a step finds where its pod mounts the runner's disk, and opens that to its user: the pod may start at once. */
  openStep(): void
  fillStep(stepPod: StepPod, signal: AbortSignal): Promise<Travelled>
  /** Begins what `collectStep` needs: a cancelled step leaves little time for it. */
  attendStep(): void
  collectStep(stepPod: string): Promise<void>
}
