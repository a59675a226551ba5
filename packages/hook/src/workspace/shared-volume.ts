import { lstatSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

import type { V1Affinity, V1Volume } from '@kubernetes/client-node'

import type { PodParts } from '../pods/pod-parts.js'
import type { VolumeArgs } from '../protocol/schema.js'
import { HookError } from '../report/errors.js'
import { makeDirectories, openToEveryone } from './directories.js'
import { deliverExternals } from './externals.js'
import type { Mail, Post } from './mailbox/letters.js'
import { LocalMailbox } from './mailbox/local-mailbox.js'
import { makeMailbox } from './mailbox/make-mailbox.js'
import { belowWork, externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import type { WorkVolume } from './work-volume.js'
import {
  NOTHING_TRAVELLED,
  type ServiceParts,
  type Travelled,
  type VolumeRequest,
  type Workspace
} from './workspace.js'

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
  readonly deliversExternals = true
  readonly #options: SharedVolumeOptions
  readonly #mailbox: LocalMailbox

  constructor(options: SharedVolumeOptions) {
    this.#options = options
    this.#mailbox = new LocalMailbox(options.workDirectory)
  }

  jobParts(request: VolumeRequest): PodParts {
    const { volume } = this.#options
    const parts = this.stepParts(request)
    const externals = [volume.subPath, EXTERNALS].filter(part => part !== '').join('/')
    return { ...parts, mounts: [...parts.mounts, externalsMount(WORK_VOLUME, externals)] }
  }

  serviceParts(volumes: readonly VolumeArgs[], container: string): ServiceParts {
    const { workDirectory, volume } = this.#options
    for (const { sourceVolumePath: source } of volumes) refuseLink(workDirectory, source)
    const parts = mountsOf(
      { system: [], user: volumes },
      workDirectory,
      volume.subPath,
      EXTERNALS,
      `${container}-volume`
    )
    if (!parts.mounts.some(({ name }) => name === WORK_VOLUME)) return parts
    return { ...parts, volumes: [this.#work(), ...parts.volumes], ...this.#place() }
  }

  stepParts(request: VolumeRequest): PodParts {
    const { workDirectory, volume } = this.#options
    for (const { sourceVolumePath: source } of request.user) refuseLink(workDirectory, source)
    const { mounts, volumes } = mountsOf(request, workDirectory, volume.subPath, EXTERNALS)
    return { volumes: [this.#work(), ...volumes], mounts, initContainers: [], beside: [], ...this.#place() }
  }

  #work(): V1Volume {
    return { name: WORK_VOLUME, persistentVolumeClaim: { claimName: this.#options.volume.claimName } }
  }

  #place(): { readonly affinity?: V1Affinity } {
    const { node, volume } = this.#options
    return node === undefined ? {} : { affinity: nodeAffinity(node, volume.singleNode) }
  }

  async deliver(signal: AbortSignal): Promise<void> {
    const { workDirectory, externalsDirectory, workspaceDirectory } = this.#options
    makeDirectories(workDirectory)
    makeMailbox(workDirectory)
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

  exchangeMail(post: Post): Promise<Mail> {
    return Promise.resolve(this.#mailbox.exchange(post))
  }

  async catchUp(): Promise<void> {
    // The runner sees what the step writes.
  }

  close(): void {
    // Nothing is open.
  }

  openStep(): void {
    makeMailbox(this.#options.workDirectory)
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
  }

  fillStep(): Promise<Travelled> {
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
 * The kubelet follows links within a volume: an earlier job of a lasting one could have made a name for the externals that no
 * rule of ours knows.
 *
 * @throws HookError UNSUPPORTED for a source that goes through a link
 */
function refuseLink(workDirectory: string, source: string | null): void {
  const below = source === null || !isAbsolute(source) ? undefined : belowWork(workDirectory, source)
  if (below === undefined) return
  let path = workDirectory
  for (const part of below.split('/')) {
    path = join(path, part)
    if (path === workDirectory || lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue
    throw new HookError(
      'UNSUPPORTED',
      `The volume ${source} goes through ${path}, which is a link. Name the directory itself.`
    )
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
