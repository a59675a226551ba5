import { join } from 'node:path'

import type { V1Affinity, V1Volume } from '@kubernetes/client-node'

import type { PodParts } from '../pods/pod-parts.js'
import { makeDirectories, openToEveryone } from './directories.js'
import { deliverExternals } from './externals.js'
import { externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import type { WorkVolume } from './work-volume.js'
import { NOTHING_TRAVELLED, type Travelled, type VolumeRequest, type Workspace } from './workspace.js'

/** Where the shipped hook keeps the externals on the work volume. */
const EXTERNALS = 'externals'

export interface SharedVolumeOptions {
  readonly workDirectory: string
  readonly volume: Extract<WorkVolume, { kind: 'claim' }>
  /** The runner's node, to which a volume of one node ties the pods. */
  readonly node: string | undefined
  readonly externalsDirectory: string | undefined
  readonly workspaceDirectory: string | undefined
}

/** The runner's claim, mounted by the job and step pods: all see one work directory, and nothing is copied. */
export class SharedVolume implements Workspace {
  readonly #options: SharedVolumeOptions

  constructor(options: SharedVolumeOptions) {
    this.#options = options
  }

  jobParts(request: VolumeRequest): PodParts {
    const { volume } = this.#options
    const parts = this.stepParts(request)
    const externals = [volume.subPath, EXTERNALS].filter(part => part !== '').join('/')
    return { ...parts, mounts: [...parts.mounts, externalsMount(WORK_VOLUME, externals)] }
  }

  stepParts(request: VolumeRequest): PodParts {
    const { workDirectory, volume, node } = this.#options
    const { mounts, volumes } = mountsOf(request, workDirectory, volume.subPath, EXTERNALS)
    const work: V1Volume = { name: WORK_VOLUME, persistentVolumeClaim: { claimName: volume.claimName } }
    return {
      volumes: [work, ...volumes],
      mounts,
      initContainers: [],
      beside: [],
      ...(node === undefined ? {} : { affinity: nodeAffinity(node, volume.singleNode) })
    }
  }

  async deliver(signal: AbortSignal): Promise<void> {
    const { workDirectory, externalsDirectory, workspaceDirectory } = this.#options
    makeDirectories(workDirectory)
    openToEveryone(workDirectory, workspaceDirectory)
    if (externalsDirectory !== undefined) {
      await deliverExternals(externalsDirectory, join(workDirectory, EXTERNALS), signal)
    }
  }

  async fillJob(): Promise<void> {
    // The volume is filled already.
  }

  beforeScript(): Promise<void> {
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
    return Promise.resolve()
  }

  async afterScript(): Promise<void> {
    // The runner sees what the step wrote.
  }

  close(): void {
    // Nothing is open.
  }

  fillStep(): Promise<Travelled> {
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
    return Promise.resolve(NOTHING_TRAVELLED)
  }

  attendStep(): void {
    // As below.
  }

  async collectStep(): Promise<void> {
    // The runner sees what the step wrote.
  }
}

/**
 * Keeps a pod on the runner's node when the volume demands it, and prefers it otherwise. Never `nodeName`: that goes
 * around the scheduler, and a node without room then fails the pod. `matchFields`, as the hostname label may differ
 * from the node's name.
 */
function nodeAffinity(node: string, required: boolean): V1Affinity {
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }
  return {
    nodeAffinity: required
      ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } }
      : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }] }
  }
}
