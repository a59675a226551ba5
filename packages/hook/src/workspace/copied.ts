import { mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import type { V1Container, V1ContainerStatus, V1Pod, V1VolumeMount } from '@kubernetes/client-node'
import { isKubeError, waitForPod, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../errors.js'
import { JOB_CONTAINER } from '../pods/names.js'
import { printWaiting } from '../pods/waiting.js'
import type { Line } from '../protocol/workflow-commands.js'
import { runInContainer } from '../run-in-container.js'
import { SPOOL_PATH } from '../steps/supervisor.js'
import { changedFiles } from './changed-files.js'
import { makeDirectories, MOUNTED, openToEveryone } from './directories.js'
import { EXTERNALS_VOLUME, externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import { fetchFiles, sendFiles, type Place } from './transfer.js'
import type { PodParts, Travelled, VolumeRequest, Workspace } from './workspace.js'

const RECEIVER = 'receive-work'
const KEEPER = 'keep-work'
const KEPT = '/work'
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

/** Says when the runner's disk and the pods were last alike; lies where no pod sees it. */
const STAMP = '_temp/_runner_hook_responses/.kaniko-hooks-sent'

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
 * gets a copy of its own, and its changes come back too.
 *
 * Files that a step removes stay on the runner's disk until the job ends.
 */
export class Copied implements Workspace {
  readonly #options: CopiedOptions

  constructor(options: CopiedOptions) {
    this.#options = options
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
          command: ['sh', '-c', FS_INIT, 'fs-init', ...this.#directories().map(path => `${KEPT}/${path}`)]
        }
      ],
      beside: []
    }
  }

  stepParts(request: VolumeRequest): PodParts {
    const { mounts, volumes } = mountsOf(request, this.#options.workDirectory, '')
    const kept = [{ name: WORK_VOLUME, mountPath: KEPT }]
    return {
      volumes: [{ name: WORK_VOLUME, emptyDir: {} }, ...volumes],
      mounts,
      initContainers: [
        {
          ...this.#helper(RECEIVER, kept),
          // It ends when the files are there, and by itself when nobody comes. The files are root's; a directory that a
          // step of another user made must be open to the next one of that user.
          command: [
            'sh',
            '-c',
            `i=0; until [ -e ${KEPT}/.received ]; do i=$((i+1)); [ $i -lt 6000 ] || exit 1; sleep 0.1; done; rm ${KEPT}/.received; exec find ${KEPT} -type d -exec chmod a+rwx {} +`
          ]
        }
      ],
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
    await this.#send(this.#job(jobPod), 0, signal)
  }

  async beforeScript(jobPod: string, signal: AbortSignal): Promise<void> {
    const { workDirectory } = this.#options
    openToEveryone(workDirectory, this.#options.workspaceDirectory)
    const since = (await stat(join(workDirectory, STAMP)).catch(() => undefined))?.mtimeMs ?? 0
    await this.#send(this.#job(jobPod), since, signal)
  }

  async afterScript(jobPod: string, signal?: AbortSignal): Promise<void> {
    await fetchFiles(this.#options.kube, this.#job(jobPod), this.#options.workDirectory, signal)
    await this.#stamp()
  }

  async fillStep(stepPod: string, signal: AbortSignal): Promise<Travelled> {
    const { kube, timeoutMs, workDirectory, workspaceDirectory, print } = this.#options
    openToEveryone(workDirectory, workspaceDirectory)
    await waitForPod(kube, stepPod, pod => isRunning(pod.status?.initContainerStatuses, RECEIVER), {
      timeoutMs,
      signal,
      onProblem: printWaiting(print, stepPod)
    })
    const place = { pod: stepPod, container: RECEIVER, spool: `${KEPT}/.spool`, root: KEPT }
    const start = Date.now()
    const files = changedFiles(workDirectory, 0, new Set())
    const bytes = await sendFiles(kube, place, workDirectory, files, signal)
    const travelled = { files: files.length, bytes, ms: Date.now() - start }
    await this.#release(stepPod, signal)
    return travelled
  }

  /** The receiver ends as soon as it sees the file, and may take the command that made it along. */
  async #release(stepPod: string, signal: AbortSignal): Promise<void> {
    const { kube } = this.#options
    const receiver = { pod: stepPod, container: RECEIVER }
    const touch = ['touch', `${KEPT}/.received`]
    const { code, stderr } = await runInContainer(kube, receiver, touch, signal).catch((error: unknown) => {
      if (!isKubeError(error, 'EXEC_FAILED', 'STREAM_LOST', 'POD_FAILED')) throw error
      return { code: -1, stderr: error.message }
    })
    if (code === 0) return
    const ended = (pod: V1Pod): boolean => hasEnded(pod.status?.initContainerStatuses, RECEIVER)
    await waitForPod(kube, stepPod, ended, { timeoutMs: RELEASE_MS, signal }).catch((cause: unknown) => {
      const message = `Pod ${stepPod} could not take its files (exit code ${code}): ${stderr.trim()}`
      throw isKubeError(cause, 'TIMEOUT') ? new HookError('WORKSPACE', 'cluster', message, { cause }) : cause
    })
  }

  async collectStep(stepPod: string): Promise<void> {
    const { kube, workDirectory } = this.#options
    const place = { pod: stepPod, container: KEEPER, spool: `${KEPT}/.spool`, root: KEPT }
    await fetchFiles(kube, place, workDirectory)
  }

  /** Made open to everybody: the runtime would make them for root, and a job image may run as anyone. */
  #directories(): string[] {
    const { workDirectory, workspaceDirectory } = this.#options
    const workspace = workspaceDirectory === undefined ? [] : [relative(workDirectory, workspaceDirectory)]
    return [...MOUNTED, ...workspace]
  }

  #job(pod: string): Place {
    return { pod, container: JOB_CONTAINER, spool: `${SPOOL_PATH}/transfer`, root: '/__w' }
  }

  async #send(place: Place, since: number, signal: AbortSignal): Promise<void> {
    const { kube, workDirectory } = this.#options
    const changed = changedFiles(workDirectory, since, new Set(this.#directories()))
    await sendFiles(kube, place, workDirectory, changed, signal)
    await this.#stamp()
  }

  async #stamp(): Promise<void> {
    const path = join(this.#options.workDirectory, STAMP)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, '')
    const now = new Date()
    await utimes(path, now, now)
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

function isRunning(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  return statuses?.some(status => status.name === name && status.state?.running !== undefined) ?? false
}

function hasEnded(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  return statuses?.some(status => status.name === name && status.state?.terminated?.exitCode === 0) ?? false
}
