import { spawn } from 'node:child_process'

import { Api, type KubernetesObject } from './cluster/api.js'
import type { Cluster } from './cluster/index.js'

export interface CommandOutput {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs kubectl against the test cluster and returns whatever it said. */
export async function tryKubectl(
  cluster: Cluster,
  args: readonly string[],
  options: {
    readonly input?: string | Buffer
    readonly onStdout?: (chunk: Buffer) => void
    readonly signal?: AbortSignal
  } = {}
): Promise<CommandOutput> {
  const child = spawn(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal })
  })
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk)
    options.onStdout?.(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exit, signal) => resolve(exit ?? (signal === null ? 1 : 128)))
  })
  return { code, stdout: Buffer.concat(stdout), stderr }
}

/** Runs kubectl and throws with what it said when it fails. */
export async function kubectl(cluster: Cluster, args: readonly string[], input?: string | Buffer): Promise<string> {
  const { code, stdout, stderr } = await tryKubectl(cluster, args, input === undefined ? {} : { input })
  if (code !== 0) throw new Error(`kubectl ${args.slice(0, 6).join(' ')}: ${stderr.trim() || stdout.toString().trim()}`)
  return stdout.toString()
}

/** Creates or changes objects, in this process: each start of kubectl costs half a second of a processor. */
export async function apply(cluster: Cluster, ...objects: readonly object[]): Promise<void> {
  const api = new Api(cluster.kubeconfig)
  for (const object of objects) await api.apply(object as KubernetesObject)
}

/** Reads objects as JSON. */
export async function getJson<T>(cluster: Cluster, args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(cluster, ['get', ...args, '-o', 'json'])) as T
}
