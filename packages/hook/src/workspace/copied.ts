import { lstatSync } from 'node:fs'
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { V1Container, V1ContainerStatus, V1VolumeMount } from '@kubernetes/client-node'
import { waitForPod, type Kube } from '@kaniko-hooks/kube'

import { JOB_CONTAINER } from '../pods/names.js'
import { SPOOL_PATH } from '../steps/supervisor.js'
import { makeDirectories, openToEveryone } from './directories.js'
import { EXTERNALS_VOLUME, externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import { fetchFiles, sendFiles, type Place } from './transfer.js'
import type { PodParts, VolumeRequest, Workspace } from './workspace.js'

const RECEIVER = 'receive-work'
const KEEPER = 'keep-work'
const KEPT = '/work'

/** Says when the runner's disk and the pods were last alike; lies where no pod sees it. */
const STAMP = '_temp/_runner_hook_responses/.kaniko-hooks-sent'

/** What stays on the runner: its own answers, and externals, which reach the pods from the runner's image. */
const OWN = /^(?:externals|_temp\/_runner_hook_responses)(?:\/|$)/

export interface CopiedOptions {
  readonly kube: Kube
  readonly workDirectory: string
  readonly workspaceDirectory: string | undefined
  /** An image with sh, tar and the externals at /home/runner/externals: the runner's own. */
  readonly runnerImage: string
  readonly timeoutMs: number
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
          ...this.#helper('fs-init', [{ name: EXTERNALS_VOLUME, mountPath: '/mnt/externals' }]),
          command: ['sh', '-c', 'cp -R /home/runner/externals/. /mnt/externals/']
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
          // It ends when the files are there, and by itself when nobody comes.
          command: [
            'sh',
            '-c',
            `i=0; until [ -e ${KEPT}/.received ]; do i=$((i+1)); [ $i -lt 6000 ] || exit 1; sleep 0.1; done; rm ${KEPT}/.received`
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

  async deliver(): Promise<void> {
    await makeDirectories(this.#options.workDirectory)
    await openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
  }

  async fillJob(jobPod: string, signal: AbortSignal): Promise<void> {
    await this.#send(this.#job(jobPod), () => true, signal)
  }

  async beforeScript(jobPod: string, signal: AbortSignal): Promise<void> {
    const { workDirectory } = this.#options
    await openToEveryone(workDirectory, this.#options.workspaceDirectory)
    const since = (await stat(join(workDirectory, STAMP)).catch(() => undefined))?.mtimeMs ?? 0
    await this.#send(this.#job(jobPod), path => changedSince(join(workDirectory, path), since), signal)
  }

  async afterScript(jobPod: string): Promise<void> {
    await fetchFiles(this.#options.kube, this.#job(jobPod), this.#options.workDirectory)
    await this.#stamp()
  }

  async fillStep(stepPod: string, signal: AbortSignal): Promise<void> {
    const { kube, timeoutMs, workDirectory, workspaceDirectory } = this.#options
    await openToEveryone(workDirectory, workspaceDirectory)
    await waitForPod(kube, stepPod, pod => isRunning(pod.status?.initContainerStatuses, RECEIVER), {
      timeoutMs,
      signal
    })
    const place = { pod: stepPod, container: RECEIVER, spool: `${KEPT}/.spool`, root: KEPT }
    await sendFiles(kube, place, workDirectory, path => !OWN.test(path), signal)
    const stream = await kube.exec(
      { pod: stepPod, container: RECEIVER, command: ['touch', `${KEPT}/.received`] },
      { signal }
    )
    stream.stdout.resume()
    stream.stderr.resume()
    await stream.exit.finally(() => stream.close())
  }

  async collectStep(stepPod: string): Promise<void> {
    const { kube, workDirectory } = this.#options
    const place = { pod: stepPod, container: KEEPER, spool: `${KEPT}/.spool`, root: KEPT }
    await fetchFiles(kube, place, workDirectory)
  }

  #job(pod: string): Place {
    return { pod, container: JOB_CONTAINER, spool: `${SPOOL_PATH}/transfer`, root: '/__w' }
  }

  async #send(place: Place, accept: (path: string) => boolean, signal: AbortSignal): Promise<void> {
    const { kube, workDirectory } = this.#options
    await sendFiles(kube, place, workDirectory, path => !OWN.test(path) && accept(path), signal)
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

/** Directories always count: their files are looked at one by one. Times of change, as copies keep old contents' times. */
function changedSince(path: string, since: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.ctimeMs > since)
}

function isRunning(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  return statuses?.some(status => status.name === name && status.state?.running !== undefined) ?? false
}
