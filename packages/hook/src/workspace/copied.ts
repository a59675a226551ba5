import { relative } from 'node:path'

import type { V1Container, V1ContainerStatus, V1Pod, V1VolumeMount } from '@kubernetes/client-node'
import { isKubeError, literal, waitForPod, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import { JOB_CONTAINER } from '../pods/names.js'
import { printWaiting } from '../steps/waiting.js'
import { printFirst } from '../report/print-first.js'
import { warningCommand, type Line } from '../report/workflow-commands.js'
import { runInContainer } from '../steps/run-in-container.js'
import type { PodParts } from '../pods/pod-parts.js'
import { SPOOL_PATH } from '../pods/spool.js'
import { changedFiles } from './changed-files.js'
import { makeDirectories, MOUNTED, openToEveryone } from './directories.js'
import { EXTERNALS_VOLUME, externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import { goneFromRunner, sparedDirectories, type KnownFiles } from './known-files.js'
import { MirrorFile, type Mirror } from './mirror.js'
import { fetchFiles, sendFiles, type PodTree, type TransferOptions } from './transfer.js'
import type { Travelled, VolumeRequest, Workspace } from './workspace.js'

const RECEIVER = 'receive-work'
const KEEPER = 'keep-work'
const KEPT = '/work'
/** What the step's own container must not see: files on their way, and the word that all have come. */
const TRANSFER_VOLUME = 'kaniko-hooks-transfer'
const TRANSFER = '/transfer'
const RECEIVED = `${TRANSFER}/received`
/** How long the kubelet may take to tell that the receiver has ended. */
const RELEASE_MS = 10_000

/** $@ = directories to make. Each node build is copied by itself: the job waits for it, and thousands of files take long. */
const FS_INIT = `
for build in /home/runner/externals/*; do
  cp -R "$build" /mnt/externals/ &
  copies="$copies $!"
done
for copy in $copies; do wait "$copy" || exit 1; done
umask 0
mkdir -p "$@"
`

/**
 * Ends when the files are there, and by itself when nothing has moved for ten minutes. The files are root's; a directory
 * that a step of another user made must be open to the next one of that user.
 */
const RECEIVE_WORK = `
i=0
seen=
until [ -e ${RECEIVED} ]; do
  now=$(ls -lR ${TRANSFER})
  [ "$now" = "$seen" ] || i=0
  seen=$now
  i=$((i + 1))
  [ $i -lt 6000 ] || exit 1
  sleep 0.1
done
exec find ${KEPT} -type d -exec chmod a+rwx {} +
`

export interface CopiedOptions {
  readonly kube: Kube
  readonly workDirectory: string
  readonly workspaceDirectory: string | undefined
  /** An image with sh, tar and the externals at /home/runner/externals: the runner's own. */
  readonly runnerImage: string
  readonly timeoutMs: number
  /** Told why a pod does not start yet. */
  readonly print: Line
}

/**
 * No shared volume: the work directory of the job lies in an emptyDir of the job pod, and the runner's disk is its
 * mirror. What the runner wrote is sent before a step, what the step changed comes back after it. A container step
 * gets a copy of its own, and its changes come back too. What one side removed is removed on the other.
 */
export class Copied implements Workspace {
  readonly #options: CopiedOptions
  readonly #spared: ReadonlySet<string>
  readonly #step: KnownFiles = new Map()
  readonly #mirror: MirrorFile
  #job: Mirror | undefined

  constructor(options: CopiedOptions) {
    const { workDirectory, workspaceDirectory } = options
    this.#options = options
    this.#spared = sparedDirectories(workspaceDirectory && relative(workDirectory, workspaceDirectory))
    this.#mirror = new MirrorFile(workDirectory)
  }

  jobParts(request: VolumeRequest): PodParts {
    const { mounts, volumes } = mountsOf(request, this.#options.workDirectory, '')
    return {
      volumes: [{ name: WORK_VOLUME, emptyDir: {} }, { name: EXTERNALS_VOLUME, emptyDir: {} }, ...volumes],
      mounts: [...mounts, externalsMount(EXTERNALS_VOLUME, '')],
      initContainers: [
        {
          ...this.#helper('fs-init', [
            { name: EXTERNALS_VOLUME, mountPath: '/mnt/externals' },
            { name: WORK_VOLUME, mountPath: KEPT }
          ]),
          command: ['sh', '-c', FS_INIT, 'fs-init', ...this.#directories().map(path => literal(`${KEPT}/${path}`))]
        }
      ],
      beside: []
    }
  }

  stepParts(request: VolumeRequest): PodParts {
    const { mounts, volumes } = mountsOf(request, this.#options.workDirectory, '')
    const kept = [
      { name: WORK_VOLUME, mountPath: KEPT },
      { name: TRANSFER_VOLUME, mountPath: TRANSFER }
    ]
    return {
      volumes: [{ name: WORK_VOLUME, emptyDir: {} }, { name: TRANSFER_VOLUME, emptyDir: {} }, ...volumes],
      mounts,
      initContainers: [{ ...this.#helper(RECEIVER, kept), command: ['sh', '-c', RECEIVE_WORK] }],
      beside: [
        {
          ...this.#helper(KEEPER, kept),
          command: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"]
        }
      ]
    }
  }

  deliver(): Promise<void> {
    makeDirectories(this.#options.workDirectory)
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
    return Promise.resolve()
  }

  async fillJob(jobPod: string, signal: AbortSignal): Promise<void> {
    this.#mirror.forgetTold()
    this.#job = { pod: jobPod, since: 0, known: new Map() }
    await this.#send(this.#job, signal)
    this.#mirror.save(this.#job)
  }

  async beforeScript(jobPod: string, signal: AbortSignal): Promise<void> {
    const { workDirectory, workspaceDirectory } = this.#options
    openToEveryone(workDirectory, workspaceDirectory)
    this.#job = this.#mirror.load(jobPod)
    await this.#send(this.#job, signal)
  }

  async afterScript(jobPod: string, signal?: AbortSignal): Promise<void> {
    const job = this.#job ?? this.#mirror.load(jobPod)
    const place = jobPlace(jobPod)
    await this.#fetch({ ...this.#transfer(place, job.known), signal })
    // What came just now need not go back.
    this.#mirror.save({ ...job, since: this.#mirror.now() })
  }

  async fillStep(stepPod: string, signal: AbortSignal): Promise<Travelled> {
    const { kube, timeoutMs, workDirectory, workspaceDirectory, print } = this.#options
    openToEveryone(workDirectory, workspaceDirectory)
    await waitForPod(kube, stepPod, pod => isRunning(pod.status?.initContainerStatuses, RECEIVER), {
      timeoutMs,
      signal,
      onProblem: printWaiting(print, stepPod)
    })
    const place = { pod: stepPod, container: RECEIVER, spool: TRANSFER, root: KEPT }
    const start = Date.now()
    const { changed, unreadable } = changedFiles(workDirectory, 0, new Set())
    const { files, bytes } = await sendFiles({ ...this.#transfer(place, this.#step), signal }, changed, [])
    const ms = Date.now() - start
    this.#warn(place, unreadable.map(closedHere))
    await this.#release(stepPod, signal)
    return { files, bytes, ms }
  }

  /** The receiver ends as soon as it sees the file, and may take the command that made it along. */
  async #release(stepPod: string, signal: AbortSignal): Promise<void> {
    const { kube } = this.#options
    const receiver = { pod: stepPod, container: RECEIVER }
    const touch = ['touch', RECEIVED]
    const { code, stderr } = await runInContainer(kube, receiver, touch, { signal }).catch((error: unknown) => {
      if (!isKubeError(error, 'EXEC_FAILED', 'STREAM_LOST', 'POD_FAILED')) throw error
      return { code: -1, stderr: error.message }
    })
    if (code === 0) return
    const ended = (pod: V1Pod): boolean => hasEnded(pod.status?.initContainerStatuses, RECEIVER)
    await waitForPod(kube, stepPod, ended, { timeoutMs: RELEASE_MS, signal }).catch((cause: unknown) => {
      const message = `Pod ${stepPod} could not take its files (exit code ${code}): ${stderr.trim()}`
      throw isKubeError(cause, 'TIMEOUT') ? new HookError('WORKSPACE', message, { cause }) : cause
    })
  }

  async collectStep(stepPod: string): Promise<void> {
    const place = { pod: stepPod, container: KEEPER, spool: TRANSFER, root: KEPT }
    await this.#fetch(this.#transfer(place, this.#step))
  }

  /** Made open to everybody: the runtime would make them for root, and a job image may run as anyone. */
  #directories(): string[] {
    const { workDirectory, workspaceDirectory } = this.#options
    const workspace = workspaceDirectory === undefined ? [] : [relative(workDirectory, workspaceDirectory)]
    return [...MOUNTED, ...workspace]
  }

  async #send(job: Mirror, signal: AbortSignal): Promise<void> {
    const now = this.#mirror.now()
    const place = jobPlace(job.pod)
    const found = changedFiles(this.#options.workDirectory, job.since, new Set(this.#directories()))
    const removed = goneFromRunner(found, job.known, this.#spared)
    await sendFiles({ ...this.#transfer(place, job.known), signal }, found.changed, removed)
    this.#warn(place, found.unreadable.map(closedHere))
    job.since = now
  }

  async #fetch(options: TransferOptions): Promise<void> {
    const { complaints, leftOut } = await fetchFiles(options)
    this.#warn(options.place, complaints)
    printFirst(this.#options.print, leftOut.map(warningCommand))
  }

  #transfer(place: PodTree, known: KnownFiles): TransferOptions {
    const { kube, workDirectory, print } = this.#options
    return { kube, place, directory: workDirectory, known, spared: this.#spared, print }
  }

  /** A file that nobody may read is no fault of the step, and none of the next one: the job's log names it once. */
  #warn({ pod }: PodTree, all: readonly string[]): void {
    const complaints = this.#mirror.untold(all)
    if (complaints.length === 0) return
    const first = complaints.slice(0, 3).join('; ')
    const more = complaints.length > 3 ? ` and ${complaints.length - 3} more` : ''
    this.#options.print(warningCommand(`Some files do not travel between the runner and pod ${pod}: ${first}${more}`))
  }

  #helper(name: string, volumeMounts: V1VolumeMount[]): V1Container {
    return {
      name,
      image: this.#options.runnerImage,
      volumeMounts,
      securityContext: {
        runAsUser: 0,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
        seccompProfile: { type: 'RuntimeDefault' }
      }
    }
  }
}

function closedHere(path: string): string {
  return `${path}: the runner's user may not read it`
}

function jobPlace(pod: string): PodTree {
  return { pod, container: JOB_CONTAINER, spool: `${SPOOL_PATH}/transfer`, root: '/__w' }
}

function isRunning(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  return statuses?.some(status => status.name === name && status.state?.running !== undefined) ?? false
}

function hasEnded(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  return statuses?.some(status => status.name === name && status.state?.terminated?.exitCode === 0) ?? false
}
