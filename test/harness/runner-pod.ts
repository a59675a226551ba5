import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { V1Pod } from '@kubernetes/client-node'
import { create } from 'tar'

import { Api, pathOf, type KubernetesObject } from './cluster/api.js'
import { createVolume, deleteVolume, type Cluster } from './cluster/index.js'
import { places } from './cluster/settings.js'
import type { Volume } from './cluster/volumes.js'
import { until } from './cluster/wait.js'
import { isReady } from '../stand-ins/registries/objects.js'
import { execInPod, type ExecOptions } from './exec.js'
import { apply, type CommandOutput } from './kubectl.js'
import { NOVOLUME_ROLE, VOLUME_ROLE, type Rule } from './roles.js'

const ROOT = join(import.meta.dirname, '..', '..')

const START_SECONDS = 120
const END_SECONDS = 60

/** Where things lie in the runner pod. */
export const RUNNER = {
  home: '/home/runner',
  work: '/home/runner/_work',
  hook: '/home/runner/kaniko-hooks/index.js',
  standIn: '/home/runner/stand-in/runner.cjs',
  settings: '/home/runner/settings/kaniko-hooks.yaml'
} as const

export type Mode = 'volume' | 'novolume'

export interface RunnerPodOptions {
  readonly namespace: string
  readonly mode: Mode
  /** Default: ARC's stock role for the mode. */
  readonly rules?: readonly Rule[]
  /** Further environment of the runner container; undefined removes a default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Further keys of the settings file. */
  readonly settings?: object
  /** False: the pod gets no service account token. */
  readonly token?: boolean
  /** How long its name is; default 13. */
  readonly nameLength?: number
  /** False: files keep the groups that they were made with. Default: the group of the runner's user, as ARC's documentation advises. */
  readonly fsGroup?: boolean
}

/** A runner pod as ARC would start it, with the hook and the stand-in for the runner in it. */
export class RunnerPod {
  readonly name: string
  readonly namespace: string
  readonly mode: Mode
  readonly #cluster: Cluster
  readonly #volume: Volume | undefined

  private constructor(cluster: Cluster, name: string, options: RunnerPodOptions, volume: Volume | undefined) {
    this.#cluster = cluster
    this.name = name
    this.namespace = options.namespace
    this.mode = options.mode
    this.#volume = volume
  }

  /** Starts the pod under its role and puts the built hook and stand-in into it. `npm run build` must have run. */
  static async start(cluster: Cluster, options: RunnerPodOptions): Promise<RunnerPod> {
    const { namespace, nameLength = 0 } = options
    const name = `runner-${randomBytes(3).toString('hex')}`.padEnd(nameLength, '-long')
    const volume =
      options.mode === 'volume'
        ? await createVolume(cluster, { claimNamespace: namespace, claimName: `${name}-work` })
        : undefined
    await apply(cluster, ...access(name, options), settingsMap(cluster, name, options), pod(cluster, name, options))
    const api = new Api(cluster.kubeconfig)
    await until(`runner pod ${name}`, START_SECONDS, async () =>
      isReady((await api.get<V1Pod>(podPath({ namespace, name })))?.status)
    )
    const runner = new RunnerPod(cluster, name, options, volume)
    await runner.#deliver()
    return runner
  }

  /** Runs a command in the runner container, as the runner's user. */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<CommandOutput> {
    const { namespace, name } = this
    return execInPod(this.#cluster, { namespace, pod: name, container: 'runner', command }, options)
  }

  /** Writes a file in the runner container; its directory is made. */
  async write(path: string, content: string | Buffer): Promise<void> {
    await this.#send(['mkdir -p "$(dirname "$0")" && cat >"$0" && sha256sum <"$0"', path], content)
  }

  /** Puts the files of a directory of this machine into a directory of the runner container, with their modes. */
  async copy(from: string, to: string): Promise<void> {
    const archive = await bytesOf(create({ cwd: from, portable: false, gzip: false }, ['.']))
    const file = `/tmp/copy-${randomBytes(4).toString('hex')}.tar`
    const script = 'cat >"$0" && sha256sum <"$0" && mkdir -p "$1" && tar -xpof "$0" -C "$1" && rm "$0"'
    await this.#send([script, file, to], archive)
  }

  /**
   * Writes a settings file beside the pod's own.
   *
   * @param settings as {@link RunnerPodOptions.settings}
   * @returns its path, for `KANIKO_HOOKS_CONFIG`
   */
  async writeSettings(settings: object): Promise<string> {
    const path = `/tmp/settings-${randomBytes(4).toString('hex')}.yaml`
    await this.write(path, settingsText(this.#cluster, settings))
    return path
  }

  /** Where the machine's root finds the work directory, for whoever looks at owners; a cluster of our own alone. */
  async workDirectory(): Promise<string> {
    if (this.#volume !== undefined) return this.#volume.path
    const { metadata } = (await new Api(this.#cluster.kubeconfig).get<V1Pod>(podPath(this))) ?? {}
    return join(places().state, 'kubelet', 'pods', metadata?.uid ?? '', 'volumes', 'kubernetes.io~empty-dir', 'work')
  }

  /** The operators' lines: what the hook wrote to the pod's log. */
  async podLog(): Promise<string> {
    return new Api(this.#cluster.kubeconfig).text(`${podPath(this)}/log?container=runner`)
  }

  /** Deletes the pod, with it (by its owner references) everything of it, and its volume. */
  async stop(): Promise<void> {
    const { name } = this
    const api = new Api(this.#cluster.kubeconfig)
    const path = podPath(this)
    const objects = [...access(name, this), settingsMap(this.#cluster, name, this)]
    await Promise.all([
      api.delete(`${path}?gracePeriodSeconds=1`),
      ...objects.map(async object => api.delete(pathOf(object)))
    ])
    await until(`the end of runner pod ${name}`, END_SECONDS, async () => (await api.get(path)) === undefined)
    if (this.#volume !== undefined) await deleteVolume(this.#cluster, this.#volume)
  }

  async #deliver(): Promise<void> {
    const programs = { [RUNNER.hook]: 'hook/index.js', [RUNNER.standIn]: 'test/runner.cjs' }
    await Promise.all(
      Object.entries(programs).map(async ([path, built]) => this.write(path, await readFile(join(ROOT, 'dist', built))))
    )
  }

  /** Runs a script that takes the content on its stdin and prints its sum, until the right one came. */
  async #send(command: readonly [script: string, ...args: string[]], content: string | Buffer): Promise<void> {
    // An exec's stdin was seen to arrive empty once in some 50 tries, so what came is compared.
    const sum = createHash('sha256').update(content).digest('hex')
    for (let attempt = 1; ; attempt += 1) {
      const { code, stdout, stderr } = await this.exec(['sh', '-c', ...command], { input: content })
      if (code === 0 && stdout.toString().startsWith(sum)) return
      if (attempt === 5) throw new Error(`could not write ${command.slice(1).join(' to ')} in ${this.name}: ${stderr}`)
    }
  }
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function podPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return pathOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } })
}

function access(name: string, { namespace, mode, rules }: RunnerPodOptions): KubernetesObject[] {
  const metadata = { name, namespace }
  const stock = mode === 'volume' ? VOLUME_ROLE : NOVOLUME_ROLE
  const group = 'rbac.authorization.k8s.io'
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: rules ?? stock },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
      roleRef: { apiGroup: group, kind: 'Role', name }
    }
  ]
}

/** JSON is YAML. */
function settingsText(cluster: Cluster, settings: object): string {
  const { engine, build, ...others } = settings as {
    readonly engine?: { readonly kaniko?: object }
    readonly build?: object
  }
  const content = {
    engine: { kaniko: { image: cluster.images.kaniko, fork: 'chainguard', ...engine?.kaniko } },
    build: {
      pushImage: cluster.images.crane,
      registryMirrors: [cluster.mirror],
      insecureRegistries: [cluster.mirror],
      ...build
    },
    ...others
  }
  return JSON.stringify(content, null, 2)
}

function settingsMap(cluster: Cluster, name: string, { namespace, settings = {} }: RunnerPodOptions): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { 'kaniko-hooks.yaml': settingsText(cluster, settings) }
  }
}

function pod(cluster: Cluster, name: string, options: RunnerPodOptions): object {
  const { registry, images } = cluster
  const env: Record<string, string | undefined> = {
    ACTIONS_RUNNER_CONTAINER_HOOKS: RUNNER.hook,
    ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'true',
    ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_HOST: registry.host,
    ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT: String(registry.port),
    ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT: String(registry.nodePort),
    KANIKO_HOOKS_CONFIG: RUNNER.settings,
    ...options.env
  }
  const claim = {
    accessModes: ['ReadWriteOnce'],
    ...(cluster.owned ? { storageClassName: 'local' } : {}),
    resources: { requests: { storage: '1Gi' } }
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: options.namespace },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: options.token ?? true,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      ...((options.fsGroup ?? true) ? { securityContext: { fsGroup: 1001 } } : {}),
      containers: [
        {
          name: 'runner',
          image: images.runner,
          command: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"],
          env: [
            ...('ACTIONS_RUNNER_POD_NAME' in env
              ? []
              : [{ name: 'ACTIONS_RUNNER_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }]),
            ...Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [{ name: key, value }]))
          ],
          volumeMounts: [
            { name: 'work', mountPath: RUNNER.work },
            { name: 'settings', mountPath: '/home/runner/settings', readOnly: true }
          ]
        }
      ],
      volumes: [
        options.mode === 'volume'
          ? { name: 'work', ephemeral: { volumeClaimTemplate: { spec: claim } } }
          : { name: 'work', emptyDir: {} },
        { name: 'settings', configMap: { name } }
      ]
    }
  }
}
