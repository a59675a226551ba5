import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Kube, type V1Pod } from '@kaniko-hooks/kube'
import { ApiServer, type ApiServerOptions } from '@kaniko-hooks/testing'
import * as v from 'valibot'

import type { ContainerArgs } from '../protocol/schema.js'
import { jobPodName } from '../pods/names.js'
import { readEnvironment } from '../settings/environment.js'
import { settingsFile } from '../settings/schema.js'
import { ownDirectory } from '../workspace/own-directory.js'
import { workVolume } from '../workspace/work-volume.js'
import type { Call } from './call.js'
import type { State } from './state.js'

export const RUNNER = 'arc-runner-1'

export interface CallOptions {
  /** The runner's pod; default `RUNNER`. */
  readonly runnerPod?: string
  /** As in the settings file. */
  readonly settings?: v.InferInput<typeof settingsFile>
  /** Variables of the runner's pod and of the step. */
  readonly env?: Readonly<Record<string, string>>
  /** The namespace of our pods, when it is not the runner's. */
  readonly podNamespace?: string
  readonly cancelled?: AbortSignal
  readonly prepareTimeoutMs?: number
  /** How long a request is repeated; default 1 s, so that a refusal that nobody planned fails its test soon. */
  readonly retryForMs?: number
}

/** A cluster in memory with a runner's pod, and calls of the hook that see both. */
export class Bench {
  readonly server: ApiServer
  /** Above the runner's `_work`. */
  readonly home: string
  /** The runner's `_work`. */
  readonly work: string
  /** Lines for the workflow's log, in their order. */
  readonly printed: string[] = []
  /** Lines for debug logging. */
  readonly noted: string[] = []
  /** What the user's programs printed. */
  output = ''
  readonly #kubes: Kube[] = []

  private constructor(server: ApiServer) {
    this.server = server
    this.home = mkdtempSync(join(tmpdir(), 'bench-'))
    this.work = join(this.home, '_work')
    mkdirSync(join(this.work, 'app/app'), { recursive: true })
    mkdirSync(join(this.home, 'externals'))
  }

  /** With a runner's pod whose work directory lies on a claim. */
  static async start(options: ApiServerOptions = {}): Promise<Bench> {
    const bench = new Bench(await ApiServer.start({ namespace: 'runners', ...options }))
    bench.server.put('pods', bench.runner())
    return bench
  }

  async stop(): Promise<void> {
    for (const kube of this.#kubes) kube.close()
    await this.server.stop()
    for (const path of [this.home, ownDirectory(this.work)]) rmSync(path, { recursive: true, force: true })
  }

  /** The pod of a runner as ARC makes one in kubernetes mode. */
  runner(name = RUNNER): V1Pod {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, uid: `uid of ${name}` },
      spec: {
        nodeName: 'node-1',
        imagePullSecrets: [{ name: 'runner-pull' }],
        containers: [{ name: 'runner', image: 'runner:1', volumeMounts: [{ name: 'work', mountPath: this.work }] }],
        volumes: [{ name: 'work', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }]
      }
    }
  }

  /** A call of the hook in that pod. */
  call(options: CallOptions = {}): Call {
    const { server } = this
    const { runnerPod = RUNNER, settings = {}, env = {}, podNamespace, prepareTimeoutMs = 10_000 } = options
    const { cancelled = new AbortController().signal } = options
    const file = v.parse(settingsFile, settings)
    const { retryForMs = 1_000 } = options
    const runnerKube = this.#kube(server.namespace, retryForMs)
    return {
      kube: podNamespace === undefined ? runnerKube : this.#kube(podNamespace, retryForMs),
      runnerKube,
      ownToken: () => server.config.token(),
      environment: readEnvironment({
        GITHUB_WORKSPACE: join(this.work, 'app/app'),
        GITHUB_REPOSITORY: 'octo/app',
        GITHUB_RUN_ID: '1',
        GITHUB_JOB: 'build',
        ...env
      }),
      settings: {
        ...file,
        runnerPod,
        prepareTimeoutMs,
        warning: undefined,
        destinations: () => file.destinations ?? []
      },
      workDirectory: this.work,
      cancelled,
      print: line => void this.printed.push(String(line)),
      note: text => void this.noted.push(text),
      secrets: new Set(),
      output: chunk => {
        this.output += Buffer.from(chunk).toString()
        return Promise.resolve()
      },
      phase: () => undefined
    }
  }

  #kube(namespace: string, retryForMs: number): Kube {
    const kube = new Kube({ ...this.server.config, namespace }, { retryForMs })
    this.#kubes.push(kube)
    return kube
  }
}

/** What `prepare_job` left for the steps of a job whose pod runs. */
export function stateOf(bench: Bench, parts: Partial<State> = {}): State {
  return {
    version: 1,
    jobPod: jobPodName(RUNNER),
    runner: {
      uid: `uid of ${RUNNER}`,
      node: 'node-1',
      image: 'runner:1',
      pullSecrets: [],
      volume: workVolume(bench.runner(), bench.work)
    },
    pullSecrets: [],
    ...parts
  }
}

/** A container as the runner sends one. */
export function container(parts: Partial<ContainerArgs> = {}): ContainerArgs {
  return {
    image: null,
    dockerfile: null,
    entryPoint: null,
    entryPointArgs: [],
    workingDirectory: null,
    createOptions: null,
    registry: null,
    environmentVariables: {},
    portMappings: [],
    systemMountVolumes: [],
    userMountVolumes: [],
    ...parts
  }
}
